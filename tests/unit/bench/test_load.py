"""The senders read just enough of an answer to know where it ends."""

import pytest

from tests.bench.processes.load import is_whole, percentile

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nDate: x\r\n\r\nok"


def test_an_answer_is_whole_with_its_last_byte_and_not_before() -> None:
    assert [is_whole(ANSWER[:size]) for size in range(len(ANSWER) + 1)] == [False] * len(ANSWER) + [True]


def test_the_name_of_the_header_may_be_written_in_any_case() -> None:
    assert is_whole(ANSWER.replace(b"Content-Length", b"content-length"))


def test_an_answer_without_a_length_ends_the_benchmark() -> None:
    with pytest.raises(ValueError, match="length"):
        is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.25, 1.0), (0.5, 2.0), (0.51, 3.0), (0.99, 4.0), (1.0, 4.0)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value
