"""What a simulator was asked, by whom, and what became of it. Tests question it; nothing in it decides.

Tokens are kept apart from everything that is printed: a failing test shows names, paths and statuses, never a secret.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.parameters import Encoding, Upload

DEADLINE_S = 5.0
"""How long a test waits for a call unless it says otherwise."""


@dataclass(slots=True, eq=False)
class Call:
    """One request, and its outcome once it has one."""

    name: str
    """What was asked: Telegram's method (`sendMessage`) or Graph's edge (`messages`; `node` for an object itself)."""
    http_method: str
    path: str
    """The address without its query; a token in it is masked."""
    at: float
    """When it arrived, by the simulator's clock."""
    peer: tuple[str, int]
    """Address and port of the client."""
    encoding: Encoding = Encoding.NONE
    params: dict[str, Any] = field(default_factory=dict, repr=False)
    """Values by name, without the token; JSON texts of a form are decoded where the platform decodes them."""
    files: dict[str, Upload] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Finds names whatever their case."""
    token: str = field(default="", repr=False)
    malformed: bool = False
    """The body was no JSON although it said so."""
    ignored: tuple[str, ...] = ()
    """Parameters that the platform does not know and passes over in silence: mostly a slip of the client."""
    effect: bool | None = None
    """Whether the platform carried it out (for a question: answered it). None as long as that is open."""
    status: int | None = None
    """HTTP status of the answer; None as long as there is none, and for ever when the connection was dropped."""
    answer: Any = field(default=None, repr=False)
    """What was answered: the decoded JSON, or bytes where the answer was none."""
    faulted: bool = False
    """Whether a fault was put in its way."""
    finished: bool = False
    """Answered, or dropped."""


Predicate = Callable[[Call], bool]


@dataclass(slots=True, eq=False)
class _Waiter:
    fits: Predicate
    count: int
    done: asyncio.Future[list[Call]]
    found: list[Call] = field(default_factory=list)

    def look(self, call: Call) -> None:
        """Take the call in if it fits and is new; each change costs one look, however many calls there are."""
        if self.done.done() or call in self.found or not self.fits(call):
            return
        self.found.append(call)
        if len(self.found) >= self.count:
            self.done.set_result(self.found)


class Ledger:
    """All calls in the order of their arrival."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._waiters: list[_Waiter] = []

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def calls(self, name: str | None = None, http_method: str | None = None) -> list[Call]:
        """Return the calls of this name and HTTP method, all where none is given."""
        return [
            call
            for call in self._calls
            if (name is None or call.name == name) and (http_method is None or call.http_method == http_method)
        ]

    def clear(self) -> None:
        """Forget everything so far."""
        self._calls.clear()

    async def wait_for(self, predicate: Predicate, timeout_s: float = DEADLINE_S, *, running: bool = False) -> Call:
        """Return the first finished call that fits, now or when it comes; `running` also looks at unfinished ones.

        Raises TimeoutError, which tells what was seen instead.
        """
        return (await self.wait_for_all(predicate, 1, timeout_s, running=running))[0]

    async def wait_for_all(
        self, predicate: Predicate, count: int, timeout_s: float = DEADLINE_S, *, running: bool = False
    ) -> list[Call]:
        """Return the calls that fit as soon as there are `count` of them. Raises TimeoutError."""
        waiter = _Waiter(
            lambda call: (running or call.finished) and predicate(call),
            count,
            asyncio.get_running_loop().create_future(),
        )
        self._waiters.append(waiter)
        for call in self._calls:
            waiter.look(call)
        try:
            async with asyncio.timeout(timeout_s):
                return await waiter.done
        except TimeoutError:
            raise TimeoutError(
                f"{len(waiter.found)} of {count} awaited calls came within {timeout_s} s; seen: {self._seen()}"
            ) from None
        finally:
            self._waiters.remove(waiter)

    def open(self, call: Call) -> None:
        """Write down a call that just arrived."""
        self._calls.append(call)
        self.changed(call)

    def finish(self, call: Call) -> None:
        """Mark a call as answered or dropped."""
        call.finished = True
        self.changed(call)

    def changed(self, call: Call) -> None:
        """Let those who wait look at a call that is new, or has come further."""
        for waiter in self._waiters:
            waiter.look(call)

    def _seen(self) -> str:
        counts = Counter(
            f"{call.http_method} {call.name} {call.status or ('dropped' if call.finished else 'running')}"
            for call in self._calls
        )
        return ", ".join(f"{count} x {what}" for what, count in counts.items()) or "nothing"
