"""What a network or a platform can do wrong, on request. Nothing here goes wrong by chance.

A fault says which calls it meets, how often, and what happens to them at one of two moments: before the platform
carries the call out, or after. That moment is the whole difference between "nothing happened" and "nobody knows".
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.simulators.ledger import Call

Match = str | Callable[[Call], bool] | None
"""A call's name, a predicate, or None for every call."""

BAD_GATEWAY = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)
GARBAGE = b'{"ok":tr\xff\x00'
"""Neither JSON nor UTF-8."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        """Answer with a JSON document."""
        return cls(status, json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})

    def decoded(self) -> Any:
        """Return the JSON value, or the bytes where they are none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body

    def response(self) -> web.Response:
        """Write it for aiohttp."""
        headers = {"Content-Type": self.content_type, **self.headers}
        return web.Response(status=self.status, body=self.body, headers=headers)


@dataclass(slots=True, eq=False)
class Fault:
    """One thing that goes wrong `times` times (None: until it is removed)."""

    match: Match
    times: int | None = 1
    after_effect: bool = False
    hold: asyncio.Event | None = None
    """Wait for it first. It is the only kind of delay: the test decides when the time has come."""
    drop: bool = False
    """Close the connection without an answer."""
    answer: Answer | None = None
    """Answer this in place of the platform's own words."""
    met: int = 0
    """How many calls it has met so far."""

    @property
    def replaces_answer(self) -> bool:
        """Whether the platform's own answer is lost."""
        return self.drop or self.answer is not None

    def meets(self, call: Call) -> bool:
        """Whether this call is one of those."""
        if self.times is not None and self.met >= self.times:
            return False
        if callable(self.match):
            return self.match(call)
        return self.match is None or self.match == call.name


class Faults:
    """The faults of one simulator; a call meets the oldest one that fits."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(
        self,
        match: Match = None,
        *,
        status: int | None = None,
        body: bytes | str | dict[str, Any] = b"",
        headers: Mapping[str, str] | None = None,
        hold: asyncio.Event | None = None,
        drop: bool = False,
        after_effect: bool = False,
        times: int | None = 1,
    ) -> Fault:
        """Put a fault in the way of the next `times` calls that fit.

        With `status` the platform's answer is replaced by `body` (an object is written as JSON, a text counts as HTML,
        bytes go as they are); with `drop` there is no answer. `hold` waits for an event first; alone it only delays.
        Raises ValueError when nothing would go wrong, or two things at once.
        """
        if (status is not None) + drop > 1 or not (status is not None or drop or hold is not None):
            raise ValueError("a fault holds the call, and then either drops it or answers in the platform's place")
        answer = None if status is None else _answer(status, body, headers or {})
        fault = Fault(match, times, after_effect, hold, drop, answer)
        self._faults.append(fault)
        return fault

    def drop(self, match: Match = None, *, times: int | None = 1) -> Fault:
        """Close the connection before anything happened."""
        return self.add(match, drop=True, times=times)

    def lose_answer(self, match: Match = None, *, times: int | None = 1) -> Fault:
        """Carry the call out, then close the connection instead of answering."""
        return self.add(match, drop=True, after_effect=True, times=times)

    def garble(self, match: Match = None, *, after_effect: bool = True, times: int | None = 1) -> Fault:
        """Answer 200 with a body that nobody can read."""
        return self.add(match, status=200, body=GARBAGE, after_effect=after_effect, times=times)

    def bad_gateway(self, match: Match = None, *, after_effect: bool = False, times: int | None = 1) -> Fault:
        """Answer 502 with a front end's HTML page."""
        return self.add(match, status=502, body=BAD_GATEWAY, after_effect=after_effect, times=times)

    def hold(self, match: Match = None, *, after_effect: bool = False, times: int | None = 1) -> asyncio.Event:
        """Let the calls hang until the event that is returned is set."""
        event = asyncio.Event()
        self.add(match, hold=event, after_effect=after_effect, times=times)
        return event

    def remove(self, fault: Fault) -> None:
        """Take one fault away."""
        self._faults.remove(fault)

    def clear(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def take(self, call: Call) -> Fault | None:
        """Return the fault that this call meets, and count it."""
        for fault in self._faults:
            if fault.meets(call):
                fault.met += 1
                return fault
        return None


def _answer(status: int, body: bytes | str | dict[str, Any], headers: Mapping[str, str]) -> Answer:
    if isinstance(body, dict):
        return Answer.of_json(body, status=status, headers=headers)
    if isinstance(body, str):
        return Answer(status, body.encode(), "text/html; charset=utf-8", headers)
    return Answer(status, body, headers=headers)
