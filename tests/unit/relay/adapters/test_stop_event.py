"""A stop that a signal asks for: known at once, whoever waits is woken, and the main thread never waits for itself."""

import threading
from collections.abc import Callable

import pytest

from relay.adapters.stop_event import StopEvent
from tests.support.waiting import DEADLINE_S


def test_a_signal_in_the_middle_of_setting_it_or_of_waiting_for_it_holds_nobody_up() -> None:
    stop = StopEvent()
    with vars(stop)["_cond"]:  # as the main thread has it in the middle of `set` and `wait`, where a handler may run
        stop.ask()
        stop.ask()
        assert stop.is_set()

    assert stop.wait(DEADLINE_S)


def test_whoever_waits_is_woken() -> None:
    stop = StopEvent()
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(stop.wait(DEADLINE_S)))
    waiter.start()
    stop.ask()
    waiter.join()

    assert woken == [True]


@pytest.mark.parametrize("end", [pytest.param(StopEvent.ask, id="asked"), pytest.param(StopEvent.set, id="set")])
def test_it_says_whether_anybody_wants_the_end(end: Callable[[StopEvent], None]) -> None:
    stop = StopEvent()
    assert not stop.is_set()
    end(stop)
    assert stop.is_set()
