"""Whether an event is to blame, or its site: what each answer of a witness means."""

import pytest

from relay.core.delivery import (
    Acknowledge,
    Decision,
    Delivered,
    Failed,
    Gone,
    Park,
    Pause,
    Refused,
    TooLarge,
    Verdict,
)
from relay.core.suspects import hear, no_witness
from shared.wire import Rejection

WHY = "refused again and again, while others were taken: 400"
SET_ASIDE = [Rejection("1-0", WHY), Rejection("2-0", WHY)]


@pytest.mark.parametrize(
    ("verdict", "decision"),
    [
        pytest.param(Delivered(), Acknowledge(SET_ASIDE), id="taken: those before it are to blame"),
        pytest.param(
            Delivered([Rejection("3-0", "odd")]),
            Acknowledge([*SET_ASIDE, Rejection("3-0", "odd")]),
            id="a receipt that refuses it for good: the site reads what it gets",
        ),
        pytest.param(Refused("400"), None, id="refused as well: call the next"),
        pytest.param(TooLarge(), None, id="too large: proves nothing"),
        pytest.param(Failed("away"), Park(30.0, "away"), id="the site fails: an outage after all"),
        pytest.param(Failed("busy", 77.0), Park(77.0, "busy"), id="the site asks to wait"),
        pytest.param(Gone(), Pause("410: the site answered that it wants no more events"), id="gone"),
    ],
)
def test_a_witness_decides(verdict: Verdict, decision: Decision | None) -> None:
    heard = hear(verdict, suspects=["1-0", "2-0"], witness="3-0", reason="400", failures=2, random=0.5)

    assert heard == decision


def test_without_a_witness_the_site_is_to_blame_and_everything_waits() -> None:
    assert no_witness(suspect="1-0", reason="400", failures=2, random=0.5) == Park(30.0, "400", refused="1-0")
