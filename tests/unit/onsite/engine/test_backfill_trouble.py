"""What becomes of a backfill when Facebook does not tell: a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import FacebookError
from onsite.engine.backfill_trouble import AfterTrouble, after_trouble
from shared.graph import GraphTrouble


def decide(trouble: GraphTrouble | None, *, failures: int = 1, jitter: float = 1.0) -> AfterTrouble:
    return after_trouble(FacebookError("Facebook says no.", trouble), failures=failures, jitter=jitter)


@pytest.mark.parametrize(
    ("trouble", "pauses_s"),
    [
        pytest.param(GraphTrouble.THROTTLED, [75, 150, 300, 600, 1125, 1125], id="throttled"),
        pytest.param(GraphTrouble.TEMPORARY, [5, 10, 20, 40, 80, 160, 300, 300], id="temporary"),
        pytest.param(None, [5, 10, 20, 40, 80, 160, 300, 300], id="no usable answer"),
    ],
)
def test_what_passes_is_tried_again_more_and_more_seldom(trouble: GraphTrouble | None, pauses_s: list[float]) -> None:
    decided = [decide(trouble, failures=number) for number, _ in enumerate(pauses_s, start=1)]

    assert [each.pause_s for each in decided] == pauses_s
    assert all("Facebook says no." in each.sentence and "by itself" in each.sentence for each in decided)
    assert decide(trouble, failures=10_000).pause_s == pauses_s[-1]


@pytest.mark.parametrize(
    ("trouble", "token_dead"),
    [
        pytest.param(GraphTrouble.TOKEN_DEAD, True, id="a dead token"),
        pytest.param(GraphTrouble.PERMISSION, False, id="a missing permission"),
        pytest.param(GraphTrouble.POLICY_BLOCK, False, id="a restriction"),
        pytest.param(GraphTrouble.OTHER, False, id="whatever is not known"),
    ],
)
def test_what_a_person_must_mend_stops_it(trouble: GraphTrouble, *, token_dead: bool) -> None:
    after = decide(trouble)

    assert (after.pause_s, after.token_dead) == (None, token_dead)
    assert after.sentence.startswith("Facebook says no. The backfill goes on with another token")


@pytest.mark.parametrize(
    ("regain_s", "pause_s"),
    [
        pytest.param(0.0, 75.0, id="nothing told"),
        pytest.param(30.0, 75.0, id="shorter than ours"),
        pytest.param(1140.0, 1140.0, id="longer than ours"),
        pytest.param(1e9, 86_400.0, id="longer than any limit counts"),
    ],
)
def test_a_pause_is_at_least_what_facebook_asks_for(regain_s: float, pause_s: float) -> None:
    error = FacebookError("Facebook says no.", GraphTrouble.THROTTLED, regain_s)

    assert after_trouble(error, failures=1, jitter=1.0).pause_s == pause_s


@given(st.sampled_from([None, *GraphTrouble]), st.integers(1, 50), st.floats(0, 1))
def test_a_pause_is_never_short_of_seconds_and_never_longer_than_twenty_minutes(
    trouble: GraphTrouble | None, failures: int, jitter: float
) -> None:
    pause_s = decide(trouble, failures=failures, jitter=jitter).pause_s

    assert pause_s is None or 2.5 <= pause_s <= 1200
