"""Handing a page over: nothing lost, at both sites, or overtaken, whoever dies or drains in between."""

import pytest

from relay.core.change import STALE_AFTER_S, ChangeKind
from relay.core.errors import SiteNotFound, StoreUnavailable
from relay.core.outbox import BatchLimits
from relay.engine import handover as handover_module
from relay.engine.handover import HandedOver
from relay.engine.ports import Batch
from shared.errors import UserError
from tests.support.clock import ManualClock
from tests.support.fakes import FakeSites, incoming, payloads
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.rebinding import rebinding_on

STEPS = [
    *("reserved_by", "enter", "fence", "fence", "open", "tell", "hand_over", "take_out", "tell", "bring", "bring"),
    *("move", "fence", "move", "write", "open"),
]
ONE = BatchLimits(max_events=1, max_bytes=1000)


class Died(StoreUnavailable):
    """The process was killed here: to the one who asked it is a store that is away."""


class Bench:
    """A page of acme with three events that wait there, of which two pushes have not been tried."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryOutboxes(self.clock)
        self.changes = MemoryChanges(self.clock)
        self.sites = FakeSites("acme", "beta", "gamma")
        self.rebinding = rebinding_on(self.store, self.changes, self.sites)

    async def offer(self, *texts: str, outbox: str) -> list[str]:
        """Offer events as an intake does that knows this outbox; returns what it took."""
        appended = (await self.store.append({outbox: incoming("1", *texts)}, token=""))[outbox]
        return [text for index, text in enumerate(texts) if index not in appended.refused]

    def messages(self, outbox: str) -> list[bytes]:
        """Return what waits, without what the relay told the site."""
        return [payload for payload in self.store.payloads(outbox) if payload.startswith(b'"')]

    async def hand_out(self, site: str) -> None:
        """Let a drain have one event that may arrive, or not."""
        self.store.box(site).leased_until = 0.0
        assert await self.store.claim(site, token="d")
        step = await self.store.next_batch(site, token="d", done=None, limits=ONE)
        assert isinstance(step, Batch)

    async def sweep(self) -> int:
        """Finish what somebody left undone."""
        self.store.before_call = lambda _name: None
        self.clock.advance(STALE_AFTER_S + 1)
        return await self.rebinding.finish_interrupted()


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    await bench.rebinding.bind("1", "acme")
    await bench.offer("a", "b", "c", outbox="acme")
    await bench.hand_out("acme")
    bench.store.box("beta").fenced.add("1")  # as a site that had it once; to one that never had it nobody sends it
    bench.store.calls.clear()
    return bench


async def test_the_steps_are_those_that_the_module_explains(bench: Bench) -> None:
    assert await bench.rebinding.move("1", "beta") == HandedOver("acme", 2, 1, has_token=True)
    assert bench.store.calls == STEPS
    assert bench.store.payloads("acme") == [*payloads("a"), b"parting"]
    assert bench.store.payloads("beta") == [b"arrival at beta", *payloads("b", "c")]
    assert bench.changes.records == {}


@pytest.mark.parametrize("dies_at", range(1, len(STEPS)), ids=lambda step: f"{step} {STEPS[step]}")
@pytest.mark.parametrize("again", ["swept", "asked for again", "bound there", "bound back"])
async def test_whoever_dies_before_whichever_step_what_was_accepted_is_at_one_site_and_in_order(
    bench: Bench, dies_at: int, again: str
) -> None:
    calls: list[str] = []

    def die(name: str) -> None:
        if len(calls) == dies_at:
            raise Died(name)
        calls.append(name)

    bench.store.before_call = die
    with pytest.raises(StoreUnavailable):
        await bench.rebinding.move("1", "beta")
    bench.store.before_call = lambda _name: None
    came = [text for outbox in ("acme", "~1", "beta") for text in await bench.offer(f"to {outbox}", outbox=outbox)]
    bench.clock.advance(STALE_AFTER_S + 1)
    if again == "swept":
        assert await bench.rebinding.finish_interrupted() == 1
    elif again == "asked for again":
        await bench.rebinding.move("1", "beta")
    elif again == "bound there":
        await bench.rebinding.bind("1", "beta")
    else:
        with pytest.raises(UserError, match="page 1 is bound to beta; add --move to have beta hand it over"):
            await bench.rebinding.bind("1", "acme")

    assert bench.changes.records == {}
    assert bench.store.bindings == {"1": "beta"}
    assert bench.messages("acme") == payloads("a")
    assert bench.messages("beta") == payloads("b", "c", *came)
    assert bench.messages("~1") == []
    assert b"parting" in bench.store.payloads("acme")
    assert b"arrival at beta" in bench.store.payloads("beta")
    assert await bench.offer("last", outbox="beta") == ["last"]


@pytest.mark.parametrize("after", range(1, len(STEPS) + 1))
async def test_however_much_the_old_site_is_handed_meanwhile_it_has_what_is_oldest(
    bench: Bench, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drain of the old site takes its chance before one of the steps, while what waits is taken out one by one."""
    monkeypatch.setattr(handover_module, "LOOKED_AT_AT_ONCE", 1)
    calls: list[str] = []

    def drain(name: str) -> None:
        calls.append(name)
        entries = bench.store.box("acme").entries
        if len(calls) == after and len(entries) > 1:
            bench.store.box("acme").flight_to = entries[1].id

    bench.store.before_call = drain
    moved = await bench.rebinding.move("1", "beta")

    got, rest = bench.messages("acme"), bench.messages("beta")
    assert got + rest == payloads("a", "b", "c")
    assert (len(got), len(rest)) == (moved.staying_events, moved.waiting_events)


async def test_intake_is_refused_between_two_steps_alone_and_then_collects(bench: Bench) -> None:
    taken_at: dict[str, list[str]] = {outbox: [] for outbox in ("acme", "~1", "beta")}

    def look(name: str) -> None:
        for outbox, steps in taken_at.items():
            if "1" not in bench.store.box(outbox).fenced:
                steps.append(name)

    bench.store.before_call = look
    await bench.rebinding.move("1", "beta")

    assert taken_at["acme"] == ["reserved_by", "enter", "fence", "fence"]
    assert taken_at["~1"] == ["tell", "hand_over", "take_out", "tell", "bring", "bring", "move", "fence"]
    assert taken_at["beta"] == []


@pytest.mark.parametrize("owner", [None, "beta"], ids=["nobody's", "its own already"])
async def test_where_nobody_has_to_hand_it_over_it_is_bound_as_ever(bench: Bench, owner: str | None) -> None:
    await bench.rebinding.unbind("1")
    if owner:
        await bench.rebinding.bind("1", owner)
    await bench.offer("d", outbox=owner or "~1")

    assert await bench.rebinding.move("1", "beta") == HandedOver("", 0 if owner else 1, 0, has_token=False)
    assert bench.messages("acme") == payloads("a", "b", "c")
    assert bench.messages("beta") == payloads("d")


@pytest.mark.parametrize("site", ["nobody", "", "No Name", "~1"])
async def test_a_site_that_is_not_registered_gets_nothing(bench: Bench, site: str) -> None:
    with pytest.raises(SiteNotFound, match="relay site list"):
        await bench.rebinding.move("1", site)

    assert bench.store.bindings == {"1": "acme"}
    assert await bench.offer("d", outbox="acme") == ["d"]
    assert bench.changes.records == {}


async def test_a_page_that_was_moved_elsewhere_meanwhile_is_not_taken_from_there(bench: Bench) -> None:
    await bench.rebinding.move("1", "gamma")
    bench.changes.abandon("1", ChangeKind.MOVE, "beta", source="acme")
    assert await bench.sweep() == 1

    assert bench.store.bindings == {"1": "gamma"}
    assert bench.messages("gamma") == payloads("b", "c")
    assert await bench.offer("d", outbox="gamma") == ["d"]


@pytest.mark.parametrize("removed", ["beta", "both"])
@pytest.mark.parametrize("dies_at", ["take_out", "bring", "move", "write"])
async def test_a_new_site_that_is_removed_in_the_middle_of_it_costs_no_event(
    bench: Bench, dies_at: str, removed: str
) -> None:
    def die(name: str) -> None:
        if name == dies_at:
            raise Died(name)

    bench.store.before_call = die
    with pytest.raises(StoreUnavailable):
        await bench.rebinding.move("1", "beta")
    bench.sites.names -= {"beta"} if removed == "beta" else {"beta", "acme"}
    assert await bench.sweep() == 1

    kept = {text for name in ("acme", "beta", "~1") for text in bench.messages(name)}
    assert kept == set(payloads("a", "b", "c"))
    assert (bench.store.bindings, bench.store.reserved, bench.changes.records) == ({}, {}, {})
    assert await bench.offer("d", outbox="~1") == ["d"]


async def test_a_new_site_that_is_removed_before_the_old_one_let_go_leaves_the_page_there(bench: Bench) -> None:
    def die(name: str) -> None:
        if name == "hand_over":
            raise Died(name)

    bench.store.before_call = die
    with pytest.raises(StoreUnavailable):
        await bench.rebinding.move("1", "beta")
    bench.sites.names.remove("beta")
    assert await bench.sweep() == 1

    assert bench.store.bindings == {"1": "acme"}
    assert bench.messages("acme") == payloads("a", "b", "c")
    assert await bench.offer("d", outbox="acme") == ["d"]


async def test_while_it_is_under_way_no_other_change_of_the_page_begins(bench: Bench) -> None:
    await bench.changes.begin("1", ChangeKind.MOVE, "beta", "acme", token="theirs")

    for change in (bench.rebinding.move("1", "gamma"), bench.rebinding.bind("1", "acme"), bench.rebinding.unbind("1")):
        with pytest.raises(UserError, match=r"page 1 is just being changed \(move from acme to beta\)"):
            await change
