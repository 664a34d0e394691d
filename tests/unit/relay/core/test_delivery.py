"""The states of a site's delivery, and what a verdict on a batch means."""

from collections.abc import Sequence

import pytest

from relay.core.backoff import JITTER, LADDER_S
from relay.core.delivery import (
    SUSPECT_AFTER,
    TRANSITIONS,
    Acknowledge,
    Decision,
    Delivered,
    DeliveryEvent,
    DeliveryState,
    Failed,
    Gone,
    Park,
    Pause,
    Refused,
    Shrink,
    Suspect,
    TooLarge,
    UnexpectedDeliveryEvent,
    Verdict,
    advance,
    decide,
)
from shared.wire import Rejection

UP, PARKED, PAUSED = DeliveryState.UP, DeliveryState.PARKED, DeliveryState.PAUSED
DELIVERED, FAILED, GONE, RESUMED, READY = (
    DeliveryEvent.DELIVERED,
    DeliveryEvent.FAILED,
    DeliveryEvent.GONE,
    DeliveryEvent.RESUMED,
    DeliveryEvent.READY,
)

OUTCOMES: dict[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (UP, DELIVERED): UP,
    (UP, FAILED): PARKED,
    (UP, GONE): PAUSED,
    (UP, RESUMED): UP,
    (UP, READY): UP,
    (PARKED, DELIVERED): UP,
    (PARKED, FAILED): PARKED,
    (PARKED, GONE): PAUSED,
    (PARKED, RESUMED): UP,
    (PARKED, READY): PARKED,
    (PAUSED, DELIVERED): PAUSED,
    (PAUSED, FAILED): PAUSED,
    (PAUSED, GONE): PAUSED,
    (PAUSED, RESUMED): UP,
    (PAUSED, READY): PAUSED,
}
"""Every state and every event."""


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("event", DeliveryEvent)
def test_every_state_answers_every_event_as_listed(state: DeliveryState, event: DeliveryEvent) -> None:
    table = dict(TRANSITIONS)

    assert advance(state, event) is OUTCOMES[state, event]
    assert table == TRANSITIONS


@pytest.mark.parametrize("state", DeliveryState)
def test_an_event_of_no_table_raises_and_changes_nothing(state: DeliveryState) -> None:
    table = dict(TRANSITIONS)
    with pytest.raises(UnexpectedDeliveryEvent, match=f"{state}.*melted"):
        advance(state, "melted")  # type: ignore[arg-type]  # there is no such event

    assert table == TRANSITIONS


BATCH = ["1-1", "1-2", "1-3", "1-4", "1-5"]


@pytest.mark.parametrize(
    ("verdict", "event_ids", "decision"),
    [
        pytest.param(Delivered(), BATCH, Acknowledge([]), id="all taken"),
        pytest.param(
            Delivered([Rejection("1-2", "odd")]), BATCH, Acknowledge([Rejection("1-2", "odd")]), id="one refused"
        ),
        pytest.param(TooLarge(), BATCH, Shrink(2), id="too large: half"),
        pytest.param(TooLarge(), BATCH[:2], Shrink(1), id="too large: one of two"),
        pytest.param(
            TooLarge(),
            BATCH[:1],
            Park(5.0, "413: the site, or a proxy in front of it, finds this single event too large", refused="1-1"),
            id="too large by itself: parked",
        ),
        pytest.param(Refused("400"), BATCH, Shrink(2), id="refused: half"),
        pytest.param(Refused("400"), BATCH[:1], Park(5.0, "400", refused="1-1"), id="refused by itself: parked"),
        pytest.param(Gone(), BATCH, Pause("410: the site answered that it wants no more events"), id="gone"),
        pytest.param(Failed("away"), BATCH, Park(5.0, "away"), id="failed for the second time"),
        pytest.param(Failed("busy", retry_after_s=42.0), BATCH, Park(42.0, "busy"), id="asked to wait"),
    ],
)
def test_a_verdict_becomes_a_decision(verdict: Verdict, event_ids: Sequence[str], decision: Decision) -> None:
    assert decide(verdict, event_ids=event_ids, failures=1, random=0.5) == decision


@pytest.mark.parametrize("times", range(1, SUSPECT_AFTER + 2))
@pytest.mark.parametrize("verdict", [Refused("400"), TooLarge()], ids=["refused", "too large"])
def test_an_event_that_was_refused_alone_often_enough_is_a_suspect(times: int, verdict: Refused | TooLarge) -> None:
    decision = decide(verdict, event_ids=["1-1"], failures=9, random=0.5, refused_before=times - 1)

    assert isinstance(decision, Suspect if times >= SUSPECT_AFTER else Park)


@pytest.mark.parametrize("verdict", [Failed("the site answered 500"), Failed("no answer within 20 s")])
def test_an_outage_makes_nobody_a_suspect_however_long_it_lasts(verdict: Failed) -> None:
    decision = decide(verdict, event_ids=["1-1"], failures=10_000, random=0.5, refused_before=10_000)

    assert decision == Park(600.0, verdict.reason)


def test_an_event_is_not_suspected_before_a_site_or_its_proxy_had_time_to_start_anew() -> None:
    assert sum(LADDER_S[: SUSPECT_AFTER - 1]) * (1 - JITTER) > 20


def test_a_reason_is_cut_as_no_answer_may_fill_the_redis_that_all_share() -> None:
    verdict = Delivered([Rejection("1-0", "x" * 1_000_000)])
    decision = decide(verdict, event_ids=["1-0"], failures=0, random=0.0)

    assert decision == Acknowledge([Rejection("1-0", "x" * 300)])
