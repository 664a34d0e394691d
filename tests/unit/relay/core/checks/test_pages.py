"""What the running relay tells of connected pages is worth."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.checks.pages import LOOK_AT_PAGES, judge_pages
from relay.engine.page_health import BoundPage
from relay.web.readable import readable
from shared.checks import Outcome

DEAD_MS = 1_700_000_000_000


def told(*pages: BoundPage) -> bytes:
    """Return what the admin API tells of these pages."""
    listed: list[Any] = [readable(asdict(page)) for page in pages]
    return json.dumps(listed).encode()


def dead(page_id: str) -> BoundPage:
    return BoundPage(page_id, "acme", trouble="its password changed", token_dead_since_ms=DEAD_MS)


def troubled(page_id: str) -> BoundPage:
    return BoundPage(page_id, "acme", subscribed=False, trouble="not subscribed")


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        pytest.param(told(), Outcome.SKIPPED, "none is bound yet; `relay connect` connects one", id="none"),
        pytest.param(told(BoundPage("1", "acme")), Outcome.PASSED, "no trouble is known of any (1 bound)", id="well"),
        pytest.param(told(dead("1"), BoundPage("2", "acme")), Outcome.WARNED, "token is dead: 1", id="dead"),
        pytest.param(told(troubled("2")), Outcome.WARNED, "in trouble: 2", id="trouble"),
        pytest.param(
            told(troubled("2"), dead("1")), Outcome.WARNED, "token is dead: 1; in trouble: 2", id="one of each"
        ),
        pytest.param(
            told(*(dead(str(n)) for n in range(7))),
            Outcome.WARNED,
            "token is dead: 0, 1, 2, 3, 4 and 2 more",
            id="more than a line names",
        ),
        pytest.param(b"{}", Outcome.FAILED, "the relay does not tell (status 200)", id="something else"),
    ],
)
def test_pages(body: bytes, outcome: Outcome, words: str) -> None:
    line = judge_pages(200, body)

    assert (line.outcome, line.words) == (outcome, words)
    assert (line.remedy == LOOK_AT_PAGES) == (outcome is Outcome.WARNED)


@given(st.integers(100, 599), st.binary())
def test_any_answer_gives_a_line(status: int, body: bytes) -> None:
    line = judge_pages(status, body)

    assert line.remedy or line.outcome is not Outcome.FAILED
