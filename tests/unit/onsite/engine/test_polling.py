"""After a failed poll: which state, which sentence, which pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.engine.channels import POLLING_STATES, ChannelState
from onsite.engine.polling import LONGEST_PAUSE_S, LONGEST_THROTTLE_S, after_trouble, updates_without_id

T = TelegramTrouble


@pytest.mark.parametrize(
    ("trouble", "state", "pause_s"),
    [
        (T.TOKEN, ChannelState.TOKEN_REFUSED, None),
        (T.CONFLICT, ChannelState.CONFLICT, 30.0),
        (T.THROTTLED, ChannelState.THROTTLED, 8.0),
        (T.REFUSED, ChannelState.REFUSED, 60.0),
        (T.UNREACHABLE, ChannelState.UNREACHABLE, 1.0),
        (T.UNCLEAR, ChannelState.UNREACHABLE, 1.0),
    ],
)
def test_each_trouble_has_its_state_and_its_pause(
    trouble: TelegramTrouble, state: ChannelState, pause_s: float | None
) -> None:
    error = TelegramError(trouble, "in Telegram's words", retry_after_s=7)
    after = after_trouble(error, failures=1, jitter=1.0)

    assert (after.state, after.pause_s) == (state, pause_s)
    assert "in Telegram's words" in after.sentence
    assert after.state in POLLING_STATES


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ("Conflict: terminated by other getUpdates request; make sure …", "another program polls this bot"),
        ("Conflict: can't use getUpdates method while webhook is active", "by a webhook"),
        ("Conflict: terminated by setWebhook request", "by a webhook"),
    ],
)
def test_a_conflict_says_with_whom(description: str, sentence: str) -> None:
    after = after_trouble(TelegramError(T.CONFLICT, description), failures=1, jitter=0.0)

    assert sentence in after.sentence


@pytest.mark.parametrize(
    ("failures", "longest_s"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (10_000, 60)]
)
def test_pauses_double_up_to_a_minute(failures: int, longest_s: float) -> None:
    error = TelegramError(T.UNREACHABLE, "")

    assert after_trouble(error, failures=failures, jitter=1.0).pause_s == longest_s
    assert after_trouble(error, failures=failures, jitter=0.0).pause_s == longest_s / 2


@given(
    trouble=st.sampled_from(T),
    failures=st.integers(1, 10**9),
    jitter=st.floats(0, 1),
    retry_after_s=st.floats(-5, allow_nan=False),
)
def test_nothing_ever_polls_in_a_busy_loop_or_falls_silent(
    trouble: TelegramTrouble, failures: int, jitter: float, retry_after_s: float
) -> None:
    after = after_trouble(TelegramError(trouble, "", retry_after_s=retry_after_s), failures=failures, jitter=jitter)

    if after.pause_s is not None:
        asked_s = min(retry_after_s, LONGEST_THROTTLE_S) if trouble is T.THROTTLED else 0
        assert 0.5 <= after.pause_s <= max(LONGEST_PAUSE_S, asked_s) + 1
        assert after.pause_s >= asked_s


def test_a_pause_of_thirty_years_is_cut_to_an_hour() -> None:
    error = TelegramError(T.THROTTLED, "", retry_after_s=1e9)

    assert after_trouble(error, failures=1, jitter=0.0).pause_s == LONGEST_THROTTLE_S == 3600


def test_updates_without_a_number_are_trouble_that_may_pass() -> None:
    assert updates_without_id().trouble is T.UNCLEAR
