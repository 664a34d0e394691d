"""Changes of a page's binding: one at a time, and each finished by somebody."""

import asyncio
from collections.abc import Mapping

import pytest

from relay.core.change import STALE_AFTER_S, Change, ChangeKind
from relay.core.errors import SiteNotFound, StoreUnavailable
from relay.engine import rebinding as rebinding_module
from relay.engine.binding import Bindings
from relay.engine.rebinding import Rebinding
from shared.errors import UserError
from tests.support.clock import NOON, ManualClock
from tests.support.fakes import FakeSites, tokens
from tests.support.memory_outboxes import MemoryOutboxes


class MemoryChanges:
    """Fits `engine.rebinding.ChangeLog`."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.renewals = 0

    async def begin(self, page_id: str, change: Change, *, now: float) -> Change | None:
        other = self.changes.get(page_id)
        if other is not None and not other.is_stale(now=now):
            return other
        self.changes[page_id] = change
        return None

    async def renew(self, page_id: str, change: Change) -> None:
        if self._is_own(page_id, change):
            self.changes[page_id] = change
            self.renewals += 1

    async def end(self, page_id: str, change: Change) -> None:
        if self._is_own(page_id, change):
            del self.changes[page_id]

    async def all(self) -> Mapping[str, Change]:
        return dict(self.changes)

    def _is_own(self, page_id: str, change: Change) -> bool:
        return page_id in self.changes and self.changes[page_id].token == change.token


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryOutboxes(self.clock)
        self.changes = MemoryChanges()
        bindings = Bindings(self.store, FakeSites("acme", "beta"))
        self.rebinding = Rebinding(bindings, self.changes, clock=self.clock, new_token=tokens())


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_a_change_leaves_no_record(bench: Bench) -> None:
    assert await bench.rebinding.bind("1", "acme") == 0
    assert await bench.rebinding.unbind("1") == "acme"

    assert bench.changes.changes == {}


async def test_a_change_that_is_refused_leaves_no_record(bench: Bench) -> None:
    with pytest.raises(SiteNotFound):
        await bench.rebinding.bind("1", "nobody")
    with pytest.raises(UserError, match="not bound"):
        await bench.rebinding.unbind("1")
    with pytest.raises(UserError, match="no page id"):
        await bench.rebinding.bind("one", "acme")

    assert bench.changes.changes == {}


async def test_while_one_change_of_a_page_is_under_way_another_is_refused(bench: Bench) -> None:
    bench.changes.changes["1"] = Change(ChangeKind.BIND, "acme", "theirs", round(NOON * 1000))

    with pytest.raises(UserError, match=r"just being changed \(bind acme\)"):
        await bench.rebinding.unbind("1")
    assert await bench.rebinding.bind("2", "beta") == 0
    assert set(bench.changes.changes) == {"1"}


async def test_a_change_whose_store_failed_stays_recorded_and_is_finished_later(bench: Bench) -> None:
    def fail_at_the_last_step(name: str) -> None:
        if name == "open":
            raise StoreUnavailable("away")

    bench.store.before_call = fail_at_the_last_step
    with pytest.raises(StoreUnavailable):
        await bench.rebinding.bind("1", "acme")
    assert bench.store.box("acme").fenced == {"1"}

    bench.store.before_call = lambda _name: None
    assert await bench.rebinding.finish_interrupted() == 0, "it may still be at work"
    bench.clock.advance(STALE_AFTER_S + 1)
    assert await bench.rebinding.finish_interrupted() == 1

    assert bench.store.box("acme").fenced == set()
    assert bench.store.bindings == {"1": "acme"}
    assert bench.changes.changes == {}


async def test_an_interrupted_unbind_is_finished_too(bench: Bench) -> None:
    await bench.rebinding.bind("1", "acme")
    bench.changes.changes["1"] = Change(ChangeKind.UNBIND, "", "dead", 0)

    assert await bench.rebinding.finish_interrupted() == 1
    assert bench.store.bindings == {}
    assert bench.changes.changes == {}


async def test_what_can_no_longer_be_finished_is_given_up(bench: Bench) -> None:
    bench.changes.changes["1"] = Change(ChangeKind.BIND, "removed", "dead", 0)

    assert await bench.rebinding.finish_interrupted() == 1
    assert bench.changes.changes == {}


async def test_a_long_change_is_renewed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebinding_module, "RENEW_EVERY_S", 0.001)
    renewed = asyncio.Event()
    renew = bench.changes.renew

    async def renew_and_tell(page_id: str, change: Change) -> None:
        await renew(page_id, change)
        renewed.set()

    monkeypatch.setattr(bench.changes, "renew", renew_and_tell)
    bind = bench.rebinding._bindings.bind

    async def slow_bind(page_id: str, site: str) -> int:
        await renewed.wait()
        return await bind(page_id, site)

    monkeypatch.setattr(bench.rebinding._bindings, "bind", slow_bind)
    assert await bench.rebinding.bind("1", "acme") == 0
    assert bench.changes.renewals >= 1
