"""Processes that change a page's binding and stand still wherever a history says so, and intake that goes on meanwhile.

A process stops before each call to the store, as SIGSTOP or a paused virtual machine may stop it, and after the call,
before it has the answer. What must hold is checked after every step: `History`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from relay.core.errors import StoreUnavailable
from relay.engine.binding import Bindings, BindingStore
from relay.engine.intake import Intake, Unsettled
from relay.engine.ports import OutboxAppender
from relay.engine.rebinding import ChangeLog, Rebinding
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from shared.errors import UserError
from tests.support.clock import Pauses
from tests.support.fakes import FakeShelf, FakeSites, tokens
from tests.support.waiting import soon

SITES = ("acme", "beta")
PAGE, HOLDING = "1", "~1"
Action = tuple[str, Any]


class Process:
    """Does one thing, and moves only when it is told to."""

    def __init__(self, work: Callable[["Process"], Coroutine[Any, Any, object]]) -> None:
        self._go = asyncio.Event()
        self._stopped = asyncio.Event()
        self._task = asyncio.ensure_future(work(self))
        self._task.add_done_callback(lambda _task: self._stopped.set())

    @property
    def done(self) -> bool:
        """Whether it is at its end."""
        return self._task.done()

    async def stop(self) -> None:
        """Stand still until the next step."""
        self._go.clear()
        self._stopped.set()
        await self._go.wait()

    async def step(self) -> None:
        """Go on to the next stop, or to the end."""
        await soon(self._stopped.wait())
        if not self.done:
            self._stopped.clear()
            self._go.set()
            await soon(self._stopped.wait())
        if self.done and not isinstance(self._task.exception(), UserError | None):
            self._task.result()


class Stalling:
    """Whatever it stands for, with a stop of the process before and after every call."""

    def __init__(self, target: object, process: Process) -> None:
        self._target = target
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._target, name)

        async def call(*args: Any, **named: Any) -> Any:
            await self._process.stop()
            try:
                return await method(*args, **named)
            finally:
                await self._process.stop()

        return call


class History:
    """One page, changed by several processes, while two intakes, each with its own memory, take its events."""

    def __init__(
        self,
        bindings: BindingStore,
        appender: OutboxAppender,
        changes: ChangeLog,
        unsettled: Unsettled,
        *,
        waiting: Callable[[str], Awaitable[list[bytes]]],
        grow_stale: Callable[[], Awaitable[None]],
    ) -> None:
        """Let `waiting` return what waits in an outbox, and `grow_stale` make every change under way look abandoned."""
        self.bindings, self.changes, self.grow_stale = bindings, changes, grow_stale
        self.accepted: list[bytes] = []
        self.processes: list[Process] = []
        self._waiting = waiting
        self._new_token = tokens()
        self._seen: dict[str, set[bytes]] = {site: set() for site in SITES}
        self._offered = 0
        self._intakes = [
            Intake(
                Routing(bindings),
                AppendWriter(appender, new_token=self._new_token, on_lease=lambda _outbox, _token: None),
                FakeShelf(),
                unsettled,
                sleep=Pauses(),
            )
            for _ in range(2)
        ]

    async def play(self, *actions: Action) -> None:
        """Do these in turn, checking after each."""
        for name, argument in actions:
            await getattr(self, f"_{name}")(argument)
            await self._check()

    async def come_to_rest(self) -> None:
        """Wake everybody, let the sweep finish what is left, and see that the page is whole."""
        for process in self.processes:
            while not process.done:
                await process.step()
                await self._check()
        await self.grow_stale()
        await self._rebinding(None).finish_interrupted()
        await self._check()
        assert list(await self.changes.pages()) == []
        assert await self.offer(0), "refused for good"
        assert await self.offer(1), "refused for good"
        await self._check()
        owner = await self.bindings.reserved_by(PAGE)
        left = {name: await self._waiting(name) for name in (*SITES, HOLDING)}
        assert not (owner and left[HOLDING]), "it waits where nobody takes it"
        assert set(self.accepted) == {each for waiting in left.values() for each in waiting}
        for waiting in left.values():
            first_times = list(dict.fromkeys(waiting))
            assert first_times == sorted(first_times, key=self.accepted.index), "overtaken"

    async def offer(self, intake: int) -> bool:
        """Offer an event as Meta does; returns whether it was accepted."""
        self._offered += 1
        payload = f'"e{self._offered}"'.encode()
        body = b'{"object":"page","entry":[{"id":"%s","messaging":[%s]}]}' % (PAGE.encode(), payload)
        try:
            await self._intakes[intake].accept(body)
        except StoreUnavailable:
            return False
        self.accepted.append(payload)
        return True

    async def _check(self) -> None:
        """See that what a site was given now is of a page that is its own now."""
        for site in SITES:
            waiting = set(await self._waiting(site))
            if waiting - self._seen[site]:
                owner = await self.bindings.reserved_by(PAGE)
                assert owner == site, f"{waiting - self._seen[site]} of {owner} went to {site}"
            self._seen[site] |= waiting

    async def _bind(self, site: str) -> None:
        self.processes.append(Process(lambda process: self._rebinding(process).bind(PAGE, site)))

    async def _unbind(self, _: object) -> None:
        self.processes.append(Process(lambda process: self._rebinding(process).unbind(PAGE)))

    async def _sweep(self, _: object) -> None:
        self.processes.append(Process(lambda process: self._rebinding(process).finish_interrupted()))

    async def _step(self, which: tuple[int, int]) -> None:
        """Let one of the processes that are not at their end go some steps."""
        number, steps = which
        alive = [process for process in self.processes if not process.done]
        for _ in range(steps if alive else 0):
            await alive[number % len(alive)].step()
            await self._check()

    async def _stale(self, _: object) -> None:
        await self.grow_stale()

    async def _offer(self, intake: int) -> None:
        await self.offer(intake)

    def _rebinding(self, process: Process | None) -> Rebinding:
        store: Any = self.bindings if process is None else Stalling(self.bindings, process)
        changes: Any = self.changes if process is None else Stalling(self.changes, process)
        return Rebinding(Bindings(store, FakeSites(*SITES)), changes, new_token=self._new_token)
