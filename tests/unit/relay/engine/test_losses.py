"""The alarm: every loss is counted for Prometheus, and told in the log without flooding it."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.core.limits import LossReason
from relay.engine import metrics
from relay.engine.losses import TELL_EVERY_S, LossAlarm

AGE, EVENTS, RECEIPTS = LossReason.AGE, LossReason.OVERFLOW_EVENTS, LossReason.RECEIPTS


class Timers:
    """A `call_later` that waits to be told."""

    def __init__(self) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, delay_s: float, call: Callable[[], None]) -> None:
        self.set.append((delay_s, call))

    def ring(self) -> None:
        """Let all that are set run out."""
        due, self.set = self.set, []
        for _, call in due:
            call()


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def alarm(timers: Timers) -> LossAlarm:
    return LossAlarm(later=timers)


def told(logs: list[Any]) -> list[tuple[str, str, str, int]]:
    return [(line["log_level"], line["outbox"], line["reason"], line["count"]) for line in logs]


def test_the_first_loss_is_an_error_with_site_count_reason_and_words(alarm: LossAlarm) -> None:
    with capture_logs() as logs:
        alarm("acme", {EVENTS: 3})
    (line,) = logs

    assert line["event"] == "events_lost"
    assert told(logs) == [("error", "acme", "overflow_events", 3)]
    assert line["meaning"] == "events beyond the limit of events, the oldest first"


def test_receipts_are_no_error_but_a_warning(alarm: LossAlarm) -> None:
    with capture_logs() as logs:
        alarm("acme", {RECEIPTS: 3})

    assert told(logs) == [("warning", "acme", "receipts", 3)]


def test_what_follows_is_summed_up_and_told_when_its_time_has_come(alarm: LossAlarm, timers: Timers) -> None:
    with capture_logs() as logs:
        for _ in range(1000):
            alarm("acme", {EVENTS: 1, RECEIPTS: 2})
        first = told(logs)
        timers.ring()
        second = told(logs)[len(first) :]
        timers.ring()
        alarm("acme", {AGE: 5})

    assert first == [("error", "acme", "overflow_events", 1), ("warning", "acme", "receipts", 2)]
    assert second == [("error", "acme", "overflow_events", 999), ("warning", "acme", "receipts", 1998)]
    assert told(logs)[4:] == [("error", "acme", "age", 5)]
    assert [delay_s for delay_s, _ in timers.set] == [TELL_EVERY_S]


def test_another_reason_is_told_at_once(alarm: LossAlarm) -> None:
    with capture_logs() as logs:
        alarm("acme", {RECEIPTS: 2})
        alarm("acme", {EVENTS: 1})

    assert told(logs) == [("warning", "acme", "receipts", 2), ("error", "acme", "overflow_events", 1)]


def test_each_outbox_is_told_for_itself(alarm: LossAlarm) -> None:
    with capture_logs() as logs:
        alarm("acme", {AGE: 1})
        alarm("~22", {AGE: 2})

    assert told(logs) == [("error", "acme", "age", 1), ("error", "~22", "age", 2)]


def test_a_process_that_ends_tells_the_rest(alarm: LossAlarm, timers: Timers) -> None:
    with capture_logs() as logs:
        alarm("acme", {AGE: 1})
        alarm("acme", {AGE: 2})
        alarm.close()
        timers.ring()

    assert told(logs) == [("error", "acme", "age", 1), ("error", "acme", "age", 2)]


def test_no_loss_is_no_alarm(alarm: LossAlarm, timers: Timers) -> None:
    with capture_logs() as logs:
        alarm("acme", {})

    assert (logs, timers.set) == ([], [])


def test_prometheus_counts_every_loss_by_reason(alarm: LossAlarm) -> None:
    counter = metrics.EVENTS_LOST.labels("overflow_bytes")
    before = counter._value.get()
    for _ in range(3):
        alarm("acme", {LossReason.OVERFLOW_BYTES: 2})

    assert counter._value.get() - before == 6


async def test_by_default_the_event_loop_keeps_the_time() -> None:
    alarm = LossAlarm()
    with capture_logs() as logs:
        alarm("acme", {AGE: 1})
        alarm.close()

    assert told(logs) == [("error", "acme", "age", 1)]
