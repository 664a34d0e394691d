"""The senders read just enough of an answer to know where it ends."""

import pytest

from tests.bench.processes.load import is_whole

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nDate: x\r\n\r\nok"


def test_an_answer_is_whole_with_its_last_byte_and_not_before() -> None:
    assert [is_whole(ANSWER[:size]) for size in range(len(ANSWER) + 1)] == [False] * len(ANSWER) + [True]


def test_the_name_of_the_header_may_be_written_in_any_case() -> None:
    assert is_whole(ANSWER.replace(b"Content-Length", b"content-length"))


def test_an_answer_without_a_length_ends_the_benchmark() -> None:
    with pytest.raises(ValueError, match="length"):
        is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
