"""Changes of a page's binding: one at a time, and each finished by somebody."""

import asyncio

import pytest

from relay.core.change import STALE_AFTER_S, Change, ChangeKind, Mandate
from relay.core.errors import SiteNotFound, StoreUnavailable
from relay.core.outbox import Entry
from relay.engine import rebinding as rebinding_module
from shared.errors import UserError
from tests.support.clock import ManualClock
from tests.support.fakes import FakeSites, incoming, payloads
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.rebinding import rebinding_on


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryOutboxes(self.clock)
        self.changes = MemoryChanges(self.clock)
        self.rebinding = rebinding_on(self.store, self.changes, FakeSites("acme", "beta"))


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_a_change_leaves_no_record(bench: Bench) -> None:
    assert await bench.rebinding.bind("1", "acme") == 0
    assert await bench.rebinding.unbind("1") == "acme"

    assert bench.changes.records == {}


async def test_a_change_that_is_refused_leaves_no_record(bench: Bench) -> None:
    with pytest.raises(SiteNotFound):
        await bench.rebinding.bind("1", "nobody")
    with pytest.raises(UserError, match="not bound"):
        await bench.rebinding.unbind("1")
    with pytest.raises(UserError, match="no page id"):
        await bench.rebinding.bind("one", "acme")

    assert bench.changes.records == {}


async def test_while_one_change_of_a_page_is_under_way_another_is_refused(bench: Bench) -> None:
    await bench.changes.begin("1", ChangeKind.BIND, "acme", token="theirs")

    with pytest.raises(UserError, match=r"just being changed \(bind acme\)"):
        await bench.rebinding.unbind("1")
    assert await bench.rebinding.bind("2", "beta") == 0
    assert set(bench.changes.records) == {"1"}


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
    assert bench.changes.records == {}


async def test_an_interrupted_unbind_is_finished_too(bench: Bench) -> None:
    await bench.rebinding.bind("1", "acme")
    bench.changes.abandon("1", ChangeKind.UNBIND)

    assert await bench.rebinding.finish_interrupted() == 1
    assert bench.store.bindings == {}
    assert bench.changes.records == {}


async def test_the_next_change_of_a_page_finishes_an_interrupted_one_first(bench: Bench) -> None:
    await bench.rebinding.bind("1", "acme")
    bench.changes.abandon("1", ChangeKind.UNBIND)

    assert await bench.rebinding.bind("1", "beta") == 0
    assert bench.store.bindings == {"1": "beta"}
    assert bench.changes.records == {}


async def test_an_interrupted_change_that_is_asked_for_again_is_done_once(bench: Bench) -> None:
    await bench.store.append({"~1": incoming("1", "a")}, token="")
    bench.changes.abandon("1", ChangeKind.BIND, "acme")
    assert await bench.rebinding.bind("1", "acme") == 1
    bench.changes.abandon("1", ChangeKind.UNBIND)

    assert await bench.rebinding.unbind("1") == "acme"


class TestSettling:
    """A page that intake has reported: whatever it was, it is accepted again."""

    async def settle(self, bench: Bench) -> None:
        await bench.changes.report("1")
        assert await bench.rebinding.finish_interrupted() == 1
        assert bench.changes.records == {}

    async def test_a_page_without_an_owner_is_opened_where_it_waits(self, bench: Bench) -> None:
        bench.store.box("~1").fenced.add("1")
        await self.settle(bench)

        assert bench.store.box("~1").fenced == set()

    @pytest.mark.parametrize("state", ["bindings", "reserved"])
    async def test_a_page_with_an_owner_is_opened_there_and_brings_what_waits(self, bench: Bench, state: str) -> None:
        getattr(bench.store, state)["1"] = "acme"
        bench.store.box("acme").fenced.add("1")
        await bench.store.append({"~1": incoming("1", "a")}, token="")
        await self.settle(bench)

        assert bench.store.bindings == {"1": "acme"}
        assert (bench.store.box("acme").fenced, bench.store.box("~1").fenced) == (set(), {"1"})
        assert bench.store.payloads("acme") == payloads("a")

    async def test_a_page_of_a_site_that_is_no_more_has_none(self, bench: Bench) -> None:
        bench.store.reserved["1"] = "removed"
        bench.store.box("~1").fenced.add("1")
        await self.settle(bench)

        assert (bench.store.reserved, bench.store.box("~1").fenced) == ({}, set())


class TestReplayingWhatWaitedUnclaimed:
    """Dead letters of an unclaimed page come back where they waited; then they follow the page."""

    async def test_the_site_of_the_page_gets_them(self, bench: Bench) -> None:
        await bench.rebinding.bind("1", "acme")

        assert await bench.rebinding.settling("1", lambda: self.put_back(bench)) == "done"
        assert bench.store.payloads("acme") == payloads("dead")
        assert (bench.store.payloads("~1"), bench.changes.records) == ([], {})

    async def test_those_of_a_page_without_a_site_wait_there(self, bench: Bench) -> None:
        assert await bench.rebinding.settling("1", lambda: self.put_back(bench)) == "done"
        assert bench.store.payloads("~1") == payloads("dead")

    async def test_the_sweep_brings_them_when_the_process_died_after_they_came_back(self, bench: Bench) -> None:
        await bench.rebinding.bind("1", "acme")

        async def die() -> None:
            await self.put_back(bench)
            raise StoreUnavailable("away")

        with pytest.raises(StoreUnavailable):
            await bench.rebinding.settling("1", die)
        bench.clock.advance(STALE_AFTER_S + 1)
        assert await bench.rebinding.finish_interrupted() == 1

        assert bench.store.payloads("acme") == payloads("dead")

    async def put_back(self, bench: Bench) -> str:
        """Put one into the holding outbox as the script does, which asks for no fence."""
        bench.store.box("~1").entries.append(Entry("1-0", *incoming("1", "dead")[0]))
        return "done"


async def test_what_can_no_longer_be_finished_is_given_up(bench: Bench) -> None:
    bench.changes.abandon("1", ChangeKind.BIND, "removed")

    assert await bench.rebinding.finish_interrupted() == 1
    assert bench.changes.records == {}


async def test_a_long_change_is_renewed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebinding_module, "RENEW_EVERY_S", 0.001)
    renewed = asyncio.Event()
    renew = bench.changes.renew

    async def renew_and_tell(page_id: str, change: Change) -> None:
        await renew(page_id, change)
        renewed.set()

    monkeypatch.setattr(bench.changes, "renew", renew_and_tell)
    bind = bench.rebinding._bindings.bind

    async def slow_bind(mandate: Mandate, site: str) -> int:
        await renewed.wait()
        return await bind(mandate, site)

    monkeypatch.setattr(bench.rebinding._bindings, "bind", slow_bind)
    assert await bench.rebinding.bind("1", "acme") == 0
    assert bench.changes.renewals >= 1
