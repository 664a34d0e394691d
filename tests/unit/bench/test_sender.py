"""The senders read just enough of an answer to know where it ends."""

import asyncio

import pytest

from tests.bench.processes.load import EagerSender
from tests.bench.processes.sender import is_whole
from tests.support.recording_wire import RecordingWire

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nDate: x\r\n\r\nok"


def test_an_answer_is_whole_with_its_last_byte_and_not_before() -> None:
    assert [is_whole(ANSWER[:size]) for size in range(len(ANSWER) + 1)] == [False] * len(ANSWER) + [True]


def test_the_name_of_the_header_may_be_written_in_any_case() -> None:
    assert is_whole(ANSWER.replace(b"Content-Length", b"content-length"))


def test_an_answer_without_a_length_ends_the_benchmark() -> None:
    with pytest.raises(ValueError, match="length"):
        is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


async def test_the_next_request_leaves_with_the_answer_to_the_one_before() -> None:
    wire, finished = RecordingWire(), asyncio.get_running_loop().create_future()
    sender = EagerSender([b"one", b"two"], finished=finished)
    sender.connection_made(wire)

    sender.start()
    sender.data_received(ANSWER[:40])
    before = list(wire.written)
    sender.data_received(ANSWER[40:])
    sender.data_received(ANSWER.replace(b"200", b"503"))

    assert before == [b"one"]
    assert wire.written == [b"one", b"two"]
    assert finished.done()
    assert sender.statuses == {"200": 1, "503": 1}
    assert len(sender.latency_ms) == 2


async def test_a_connection_that_breaks_ends_the_benchmark() -> None:
    finished = asyncio.get_running_loop().create_future()
    sender = EagerSender([b"one"], finished=finished)
    sender.connection_made(RecordingWire())
    sender.start()

    sender.connection_lost(None)

    with pytest.raises(ConnectionError, match="closed"):
        await finished
