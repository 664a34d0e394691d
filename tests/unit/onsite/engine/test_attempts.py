"""What an attempt means for its reply and its channel."""

import pytest

from onsite.core.sending import TRANSITIONS, Lost, Postponed, Refused, SendEvent, SendOutcome, SendState, Sent
from onsite.engine.attempts import LONGEST_PAUSE_S, MAX_ATTEMPTS, PAUSES_S, Consequence, consequence_of
from onsite.engine.outgoing import Settlement

NOW_MS = 1_000_000


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(Sent("mid-1"), Consequence(Settlement(SendEvent.CONFIRMED, platform_id="mid-1")), id="sent"),
        pytest.param(
            Refused("window_closed", "too late"),
            Consequence(Settlement(SendEvent.REFUSED, code="window_closed", sentence="too late")),
            id="refused",
        ),
        pytest.param(
            Refused("token_invalid", "connect again", channel_broken=True),
            Consequence(
                Settlement(SendEvent.REFUSED, code="token_invalid", sentence="connect again"),
                channel_broken="connect again",
            ),
            id="channel broken",
        ),
        pytest.param(
            Lost("who knows"),
            Consequence(Settlement(SendEvent.LOST, code="no_answer", sentence="who knows")),
            id="lost",
        ),
        pytest.param(
            Postponed(20.0, "later"),
            Consequence(
                Settlement(SendEvent.POSTPONED, code="postponed", sentence="later", not_before_ms=NOW_MS + 20_000),
                pause_channel_s=20.0,
            ),
            id="postponed",
        ),
    ],
)
def test_each_outcome_has_its_consequence(outcome: SendOutcome, expected: Consequence) -> None:
    assert consequence_of(outcome, attempts=1, now_ms=NOW_MS) == expected


@pytest.mark.parametrize(("attempts", "pause_s"), list(enumerate(PAUSES_S, start=1)))
def test_pauses_grow_with_the_attempts(attempts: int, pause_s: float) -> None:
    consequence = consequence_of(Postponed(0.0, ""), attempts=attempts, now_ms=NOW_MS)

    assert consequence.pause_channel_s == pause_s
    assert consequence.settlement.not_before_ms == NOW_MS + pause_s * 1000


def test_the_last_attempt_fails_with_what_held_it_up() -> None:
    consequence = consequence_of(Postponed(5.0, "not reached"), attempts=MAX_ATTEMPTS, now_ms=NOW_MS)

    assert consequence.settlement.event is SendEvent.REFUSED
    assert consequence.settlement.sentence == f"given up after {MAX_ATTEMPTS} attempts: not reached"
    assert consequence.pause_channel_s == 0


def test_a_platform_that_asks_for_a_day_is_asked_again_after_an_hour() -> None:
    assert consequence_of(Postponed(86_400, ""), attempts=1, now_ms=NOW_MS).pause_channel_s == LONGEST_PAUSE_S


def test_the_table_in_the_text_is_true() -> None:
    assert (MAX_ATTEMPTS, sum(PAUSES_S)) == (10, 833)


def test_every_consequence_fits_a_reply_that_is_on_its_way() -> None:
    for outcome in (Sent("x"), Refused("x", "y"), Lost("x"), Postponed(1.0, "x")):
        assert (SendState.SENDING, consequence_of(outcome, attempts=1, now_ms=0).settlement.event) in TRANSITIONS
