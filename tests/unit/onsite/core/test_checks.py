"""What the site's own look at itself is worth."""

import pytest

from onsite.core import checks
from onsite.core.errors import FacebookError, TelegramError, TelegramTrouble
from onsite.core.facebook.page import PageIdentity
from onsite.core.relay_answers import OFF, RelayReading, RelayState
from shared.checks import Outcome
from shared.graph import RENEWAL_HINT, GraphTrouble


@pytest.mark.parametrize(("status", "outcome"), [(200, Outcome.PASSED), (503, Outcome.FAILED), (404, Outcome.FAILED)])
def test_the_running_site(status: int, outcome: Outcome) -> None:
    assert checks.judge_site(status, url="http://127.0.0.1:8090").outcome is outcome


@pytest.mark.parametrize("state", list(RelayState))
def test_every_state_of_the_relay_is_a_line_with_the_sentence_of_the_relay(state: RelayState) -> None:
    line = checks.judge_relay(OFF if state is RelayState.OFF else RelayReading(state, "because", waiting=3))
    expected = {RelayState.UP: Outcome.PASSED, RelayState.OFF: Outcome.WARNED, RelayState.UNCHECKED: Outcome.WARNED}

    assert line.outcome is expected.get(state, Outcome.FAILED)
    assert bool(line.remedy) is (state is not RelayState.UP)
    assert state in {RelayState.UP, RelayState.OFF} or line.words == "because"


@pytest.mark.parametrize(
    ("found", "outcome", "remedy"),
    [
        pytest.param(PageIdentity("1122", "Acme"), Outcome.PASSED, "", id="its own"),
        pytest.param(PageIdentity("3344", "Other"), Outcome.FAILED, RENEWAL_HINT, id="another page's"),
        pytest.param(FacebookError("dead", GraphTrouble.TOKEN_DEAD), Outcome.FAILED, RENEWAL_HINT, id="dead"),
        pytest.param(FacebookError("no", GraphTrouble.PERMISSION), Outcome.FAILED, RENEWAL_HINT, id="permission"),
        pytest.param(
            FacebookError("slow", GraphTrouble.THROTTLED),
            Outcome.WARNED,
            "check again in some minutes",
            id="throttled",
        ),
        pytest.param(
            FacebookError("away"), Outcome.FAILED, checks.WAY_OUT.format(host="graph.facebook.com"), id="out of reach"
        ),
    ],
)
def test_a_page(found: PageIdentity | FacebookError, outcome: Outcome, remedy: str) -> None:
    line = checks.judge_page("1122", found)

    assert (line.outcome, line.remedy) == (outcome, remedy)


@pytest.mark.parametrize(
    ("found", "outcome", "remedy"),
    [
        pytest.param("", Outcome.PASSED, "", id="ours alone"),
        pytest.param("https://other.example", Outcome.FAILED, checks.TAKE_OVER, id="a webhook"),
        pytest.param(TelegramError(TelegramTrouble.TOKEN, "no"), Outcome.FAILED, checks.NEW_TOKEN, id="revoked"),
        pytest.param(
            TelegramError(TelegramTrouble.UNREACHABLE, "away"),
            Outcome.FAILED,
            checks.WAY_OUT.format(host="api.telegram.org"),
            id="out of reach",
        ),
    ],
)
def test_a_bot(found: str | TelegramError, outcome: Outcome, remedy: str) -> None:
    line = checks.judge_bot("bot 1", found)

    assert (line.outcome, line.remedy) == (outcome, remedy)


@pytest.mark.parametrize(
    ("relay", "outcomes"),
    [
        ("", []),
        ("1.4.9", [Outcome.PASSED]),
        ("1.5.0", [Outcome.PASSED]),
        ("1.6.0", [Outcome.WARNED]),
        ("2.0.0", [Outcome.WARNED]),
    ],
)
def test_the_halves_may_be_one_release_apart(relay: str, outcomes: list[Outcome]) -> None:
    assert [line.outcome for line in checks.judge_releases(relay, "1.4.0")] == outcomes
