"""How a light site treats pushes: its mood, and what follows from it for one push. Decisions only."""

import json
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.processes.http import Answer


class Mood(StrEnum):
    """What a site can be told to be like."""

    FINE = "fine"
    HANGS = "hangs"
    """Reads, and never answers."""
    SLOW = "slow"
    """Commits at once, answers late."""
    LOSES = "loses"
    """Commits, and closes the connection instead of answering."""
    FLAPS = "flaps"
    """Fine, 500, fine, closed connection, and so on."""
    THROTTLES = "throttles"
    GARBAGE = "garbage"
    REDIRECTS = "redirects"
    REFUSES = "refuses"
    NARROW = "narrow"
    GONE = "gone"


@dataclass(frozen=True)
class Manner:
    """How one push is treated."""

    commits: bool = True
    answer: Answer | None = None
    """Instead of a right receipt."""
    closes: bool = False
    """The connection is closed instead of answered."""
    hangs: bool = False
    late_by_s: float = 0.0
    """Between commit and answer."""


_FINE = Manner()
NARROW_EVENTS = 3
"""What a narrow site takes at once."""


def _nothing(status: int, **headers: str) -> Manner:
    """Commit nothing and answer with this."""
    return Manner(commits=False, answer=Answer(status, headers={k.replace("_", "-"): v for k, v in headers.items()}))


_IN_TURN: dict[Mood, tuple[Manner, ...]] = {
    Mood.FINE: (_FINE,),
    Mood.HANGS: (Manner(commits=False, hangs=True),),
    Mood.LOSES: (Manner(closes=True),),
    Mood.FLAPS: (_nothing(500), _FINE, Manner(commits=False, closes=True), _FINE, _FINE),
    Mood.THROTTLES: (_nothing(429, Retry_After="1"), _nothing(503, Retry_After="1"), _nothing(429)),
    Mood.GARBAGE: (
        Manner(commits=False, answer=Answer(200, b"<html>It works!</html>")),
        Manner(answer=Answer(200, b'{"accepted": ')),
        Manner(commits=False, answer=Answer(200, b"\xff" * 100_000)),
        Manner(commits=False, answer=Answer(204)),
    ),
    Mood.REDIRECTS: (
        _nothing(302, Location="/relay/events"),
        _nothing(307, Location="/elsewhere"),
        _nothing(308, Location="http://127.0.0.1:1/"),
    ),
    Mood.REFUSES: (_nothing(401), _nothing(404)),
    Mood.GONE: (_nothing(410),),
}


def manner_of(mood: Mood, *, value: float, push: int, events: int) -> Manner:
    """Say how the `push`-th push of a mood is treated, which carries so many events."""
    match mood:
        case Mood.SLOW:
            return Manner(late_by_s=value)
        case Mood.NARROW:
            return _nothing(413) if events > NARROW_EVENTS else _FINE
        case _:
            turns = _IN_TURN[mood]
            return turns[push % len(turns)]


def receipt(event_ids: list[str], refused: list[str]) -> Answer:
    """Write a right receipt for a batch of which some events are refused for good."""
    document: dict[str, object] = {"accepted": len(event_ids) - len(refused)}
    if refused:
        document["rejected"] = [{"id": each, "reason": "this conversation is not wanted here"} for each in refused]
    return Answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})
