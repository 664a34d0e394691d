"""A webhook's latency counts from when it was due, whatever kept it from leaving."""

import asyncio

import pytest

from tests.bench.processes.paced import Due, PunctualSender
from tests.bench.traffic import Body
from tests.support.recording_wire import RecordingWire

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FIRST, SECOND = (Due(0.0, Body(0, 0, number, 1), b"%d" % number) for number in (1, 2))


def new_sender(count: int) -> tuple[PunctualSender, RecordingWire]:
    """Make a sender on a wire."""
    sender, wire = PunctualSender(count, finished=asyncio.get_running_loop().create_future()), RecordingWire()
    sender.connection_made(wire)
    return sender, wire


async def test_a_request_waits_for_the_answer_before_it_but_its_clock_runs() -> None:
    sender, wire = new_sender(2)

    sender.post(10.0, FIRST)
    sender.post(10.5, SECOND)
    sent_before = list(wire.written)
    sender.answered(20.0)
    sender.answered(21.0)

    assert sent_before == [b"1"]
    assert wire.written == [b"1", b"2"]
    assert [(one.first, one.due_at, one.answered_at) for one in sender.posted] == [(1, 10.0, 20.0), (2, 10.5, 21.0)]


async def test_a_sender_has_finished_when_as_much_is_answered_as_was_planned_and_not_when_nothing_is_under_way() -> (
    None
):
    sender, _ = new_sender(2)

    sender.post(10.0, FIRST)
    sender.data_received(ANSWER)
    in_between = sender.finished.done()
    sender.post(11.0, SECOND)
    sender.data_received(ANSWER)

    assert not in_between
    assert sender.finished.done()
    assert sender.statuses == {"200": 2}


async def test_an_answer_to_nothing_is_an_error() -> None:
    sender, _ = new_sender(1)

    with pytest.raises(ConnectionError, match="nothing"):
        sender.answered(1.0)
