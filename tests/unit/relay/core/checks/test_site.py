"""What `relay site check` says of what was found."""

from typing import Any

import pytest

from relay.core.checks.site import judge_delivery, judge_trial
from relay.core.trial import TrialCode
from shared.checks import Outcome


def told(code: str, *, reached: bool = False) -> dict[str, Any]:
    return {
        "site": "acme",
        "address": "https://acme.example/relay/events",
        "reached": reached,
        "code": code,
        "words": "it did something",
        "status": None,
        "took_ms": 7,
    }


def test_a_site_that_was_reached_passed() -> None:
    line = judge_trial(told("reached", reached=True))

    assert (line.outcome, line.remedy) == (Outcome.PASSED, "")
    assert line.words == "https://acme.example/relay/events took a signed, empty push, after 7 ms"


@pytest.mark.parametrize("code", [*(each for each in TrialCode if each is not TrialCode.REACHED), "of_a_newer_relay"])
def test_any_other_finding_failed_and_says_what_to_do(code: str) -> None:
    line = judge_trial(told(code))

    assert line.outcome is Outcome.FAILED
    assert line.words == "it did something (https://acme.example/relay/events)"
    assert line.remedy
    assert "{" not in line.remedy


@pytest.mark.parametrize("code", [each for each in TrialCode if each is not TrialCode.REACHED])
def test_every_finding_has_a_remedy_of_its_own(code: TrialCode) -> None:
    assert judge_trial(told(code)).remedy != judge_trial(told("of_a_newer_relay")).remedy


PARKED = {"state": "parked", "waiting": 1, "last_error": "502", "next_attempt": "2027-01-15T08:00:00.000Z"}


@pytest.mark.parametrize(
    ("delivery", "reached", "outcome", "words", "remedy"),
    [
        ({"state": "up", "waiting": 0}, True, Outcome.PASSED, "up; 0 events wait", ""),
        (
            PARKED,
            True,
            Outcome.WARNED,
            "parked (502); 1 event waits; tried again at 2027-01-15T08:00:00.000Z",
            "`relay site resume acme` tries it now",
        ),
        (
            PARKED | {"next_attempt": None},
            False,
            Outcome.WARNED,
            "parked (502); 1 event waits",
            "mend what is above",
        ),
        (
            {"state": "paused", "waiting": 2},
            True,
            Outcome.WARNED,
            "paused (no reason told); 2 events wait",
            "`relay site resume acme` delivers what waits",
        ),
    ],
    ids=["up", "parked", "parked out of reach", "paused"],
)
def test_how_it_is_delivered_to_is_no_failure(
    delivery: dict[str, Any], outcome: Outcome, words: str, remedy: str, *, reached: bool
) -> None:
    line = judge_delivery("acme", delivery, reached=reached)

    assert (line.outcome, line.words, line.remedy) == (outcome, words, remedy)
