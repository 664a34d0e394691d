"""Processes that change a page's binding and stand still wherever a history says so, and intake that goes on meanwhile.

A process stops before each call to the store, as SIGSTOP or a paused virtual machine may stop it, and after the call,
before it has the answer. What must hold is checked after every step: `History`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

from relay.core.errors import StoreUnavailable
from relay.core.outbox import BatchLimits
from relay.engine.binding import Bindings
from relay.engine.handover import Handover
from relay.engine.intake import Intake, Unsettled
from relay.engine.ports import Acknowledged, Batch
from relay.engine.rebinding import ChangeLog, Rebinding
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from shared.errors import UserError
from tests.support.clock import Pauses
from tests.support.fakes import FakeNotices, FakeShelf, FakeSites, tokens
from tests.support.outbox_stores import Store
from tests.support.waiting import soon

SITES = ("acme", "beta")
PAGE, HOLDING = "1", "~1"
Action = tuple[str, Any]
_HANDED_OUT_AT_ONCE = BatchLimits(max_events=2, max_bytes=1000)


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


class Changes(ChangeLog, Unsettled, Protocol):
    """The records of changes, as whoever changes something and as intake see them."""


class History:
    """One page, changed by several processes, while two intakes, each with its own memory, take its events.

    Drains of the sites hand them out meanwhile, and may never learn what became of them.
    """

    def __init__(
        self,
        store: Store,
        changes: Changes,
        *,
        grow_stale: Callable[[], Awaitable[None]],
        stalled: Callable[[Process], tuple[Store, ChangeLog]] | None = None,
    ) -> None:
        """Let `grow_stale` make every change under way look abandoned.

        `stalled` returns the store as a process sees it that stops more often than before and after each call.
        """
        self.store, self.changes, self.grow_stale = store, changes, grow_stale
        self._stalled = stalled or self._stalled_at_calls
        self.accepted: list[bytes] = []
        self.processes: list[Process] = []
        self.taken: dict[str, list[bytes]] = {site: [] for site in SITES}
        """What each site has acknowledged."""
        self._handed_out: dict[str, set[bytes]] = {site: set() for site in SITES}
        self._batches: dict[str, tuple[str, Batch]] = {}
        self._new_token = tokens()
        self._seen: dict[str, set[bytes]] = {site: set() for site in SITES}
        self._offered = 0
        self._intakes = [
            Intake(
                Routing(store.bindings),
                AppendWriter(store.appender, new_token=self._new_token, on_lease=lambda _outbox, _token: None),
                FakeShelf(),
                changes,
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
        owner = await self.owner()
        left = {name: await self.messages(name) for name in (*SITES, HOLDING)}
        assert not (owner and left[HOLDING]), "it waits where nobody takes it"
        assert set(self.accepted) == {each for got in left.values() for each in got}, "lost"
        for got in left.values():
            assert len(got) == len(set(got)), "twice"
            assert got == sorted(got, key=self.accepted.index), "overtaken"

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

    async def messages(self, outbox: str) -> list[bytes]:
        """Return the messages that a site has or will have, or that wait unclaimed; not what the relay tells it."""
        waiting = await self.store.waiting(outbox)
        return [each for each in [*self.taken.get(outbox, ()), *waiting] if each.startswith(b'"')]

    async def owner(self) -> str | None:
        """Return whose page it is."""
        return await self.store.bindings.reserved_by(PAGE)

    async def _check(self) -> None:
        """See that what a site was given now is of a page that is its own now, and that no two sites get the same."""
        for site in SITES:
            waiting = set(await self.store.waiting(site))
            if waiting - self._seen[site]:
                owner = await self.owner()
                assert owner == site, f"{waiting - self._seen[site]} of {owner} went to {site}"
            self._seen[site] |= waiting
        acme, beta = [self._handed_out[site] | set(await self.messages(site)) for site in SITES]
        assert not acme & beta, "at both sites"

    async def _bind(self, site: str) -> None:
        self.processes.append(Process(lambda process: self._rebinding(process).bind(PAGE, site)))

    async def _move(self, site: str) -> None:
        self.processes.append(Process(lambda process: self._rebinding(process).move(PAGE, site)))

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

    async def _hand_out(self, site: str) -> None:
        """Let a drain take the lease and send a batch."""
        token = self._new_token()
        await self._lose(site)
        assert await self.store.drain.claim(site, token=token)
        step = await self.store.drain.next_batch(site, token=token, done=None, limits=_HANDED_OUT_AT_ONCE)
        if isinstance(step, Batch):
            self._batches[site] = token, step
            self._handed_out[site] |= {entry.payload for entry in step.entries if entry.payload.startswith(b'"')}

    async def _acknowledge(self, site: str) -> None:
        """Let the site take the batch that is on its way."""
        if site in self._batches:
            token, batch = self._batches.pop(site)
            await self.store.drain.release(site, token=token, done=Acknowledged(batch.entries))
            self.taken[site] += [entry.payload for entry in batch.entries]

    async def _lose(self, site: str) -> None:
        """Let nobody know what became of the batch that is on its way."""
        self._batches.pop(site, None)
        await self.store.lose_lease(site)

    def _stalled_at_calls(self, process: Process) -> tuple[Store, ChangeLog]:
        bindings: Any = Stalling(self.store.bindings, process)
        handover: Any = Stalling(self.store.handover, process)
        changes: Any = Stalling(self.changes, process)
        return replace(self.store, bindings=bindings, handover=handover), changes

    def _rebinding(self, process: Process | None) -> Rebinding:
        store, changes = (self.store, self.changes) if process is None else self._stalled(process)
        bindings = Bindings(store.bindings, FakeSites(*SITES))
        handover = Handover(bindings, store.bindings, store.handover, FakeNotices())
        return Rebinding(bindings, handover, changes, new_token=self._new_token)
