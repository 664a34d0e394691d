"""Binding and unbinding: nothing lost, nothing overtaken, whoever dies after whichever step."""

import asyncio
import itertools

import pytest

from relay.core.change import Mandate
from relay.core.errors import SiteNotFound, StoreUnavailable
from relay.core.outbox import holding_of
from relay.engine import binding as binding_module
from relay.engine.binding import Bindings
from relay.engine.intake import Intake
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from shared.errors import UserError
from tests.support.clock import ManualClock, Pauses
from tests.support.fakes import FakeShelf, FakeSites, incoming, payloads, tokens
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes


class Died(Exception):
    """The process was killed here."""


class Bench:
    """Bindings, and an intake of another process that remembers what it once looked up."""

    def __init__(self) -> None:
        self.store = MemoryOutboxes(ManualClock())
        self.bindings = Bindings(self.store, FakeSites("acme", "beta"))
        self.changes = MemoryChanges(ManualClock())
        writer = AppendWriter(self.store, new_token=tokens(), on_lease=lambda _outbox, _token: None)
        self.intake = Intake(Routing(self.store), writer, FakeShelf(), self.changes, sleep=Pauses())

        self._numbers = itertools.count(1)

    def mandate(self, page: str) -> Mandate:
        """Return one that nobody has overtaken."""
        return Mandate(page, next(self._numbers))

    async def bind(self, page: str, site: str) -> int:
        """Bind a page."""
        return await self.bindings.bind(self.mandate(page), site)

    async def unbind(self, page: str) -> str:
        """Unbind a page."""
        return await self.bindings.unbind(self.mandate(page))

    async def receive(self, text: str, page: str = "1") -> bool:
        """Offer one event as Meta does; returns whether it was accepted."""
        body = f'{{"object":"page","entry":[{{"id":"{page}","messaging":["{text}"]}}]}}'
        try:
            await self.intake.accept(body.encode())
        except StoreUnavailable:
            return False
        return True

    def die_at(self, step: int) -> list[str]:
        """Have the process die at this call to the store, counted from 0; returns the calls it makes until then."""
        calls: list[str] = []

        def count(name: str) -> None:
            if len(calls) == step:
                raise Died
            calls.append(name)

        self.store.before_call = count
        return calls

    def live(self) -> None:
        """Let calls through again."""
        self.store.before_call = lambda _name: None


@pytest.fixture
async def bench() -> Bench:
    return Bench()


STEPS_OF_BIND = ["enter", "fence", "reserve", "move", "fence", "move", "write", "open"]
STEPS_OF_UNBIND = ["enter", "leave", "open", "erase"]


class TestBind:
    async def test_what_waited_goes_first_and_in_order(self, bench: Bench) -> None:
        for text in ("a", "b", "c"):
            await bench.receive(text)
        assert await bench.bind("1", "acme") == 3
        await bench.receive("d")

        assert bench.store.payloads("acme") == payloads("a", "b", "c", "d")
        assert bench.store.payloads("~1") == []
        assert "acme" in bench.store.looks

    async def test_a_backlog_of_many_steps_is_moved_whole(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binding_module, "MOVED_AT_ONCE", 2)
        texts = list("abcde")
        await bench.store.append({"~1": incoming("1", *texts)}, token="")

        assert await bench.bind("1", "acme") == 5
        assert bench.store.payloads("acme") == payloads(*texts)
        assert [name for name in bench.store.calls if name in {"move", "fence"}] == [
            *("fence", "move", "move", "move"),  # as long as much waits, intake goes on where it was
            *("fence", "move"),
        ]

    async def test_while_much_is_moved_events_are_accepted(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binding_module, "MOVED_AT_ONCE", 2)
        await bench.store.append({"~1": incoming("1", *"abcdef")}, token="")
        accepted: list[bool] = []
        move = bench.store.move

        async def move_and_receive(mandate: Mandate, site: str, *, limit: int) -> int:
            moved = await move(mandate, site, limit=limit)
            if len(accepted) < 3:
                accepted.append(await bench.receive(f"new{len(accepted)}"))
            return moved

        monkeypatch.setattr(bench.store, "move", move_and_receive)
        await bench.bind("1", "acme")

        assert accepted == [True, True, True]
        assert bench.store.payloads("acme") == payloads(*"abcdef", "new0", "new1", "new2")

    async def test_a_page_that_gets_more_than_can_be_moved_is_fenced_all_the_same(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(binding_module, "MOVED_AT_ONCE", 1)
        monkeypatch.setattr(binding_module, "MOVES_BEFORE_FENCE", 5)
        move = bench.store.move

        async def move_and_flood(mandate: Mandate, site: str, *, limit: int) -> int:
            await bench.receive("more")
            return await move(mandate, site, limit=limit)

        monkeypatch.setattr(bench.store, "move", move_and_flood)
        await bench.bind("1", "acme")

        assert bench.store.bindings == {"1": "acme"}
        assert bench.store.payloads("~1") == []

    async def test_binding_again_to_the_same_site_changes_nothing(self, bench: Bench) -> None:
        await bench.bind("1", "acme")
        await bench.receive("a")
        assert await bench.bind("1", "acme") == 0
        await bench.receive("b")

        assert bench.store.payloads("acme") == payloads("a", "b")

    async def test_a_page_of_another_site_is_not_taken_away(self, bench: Bench) -> None:
        await bench.bind("1", "acme")
        before = list(bench.store.calls)
        with pytest.raises(UserError, match=r"page 1 is bound to acme; add --move to have acme hand it over"):
            await bench.bind("1", "beta")

        assert bench.store.bindings == {"1": "acme"}
        assert bench.store.calls == [*before, "enter"]

    @pytest.mark.parametrize("site", ["nobody", "", "No Name", "~1", "\ud800"])
    async def test_a_site_that_is_not_registered_is_refused(self, bench: Bench, site: str) -> None:
        with pytest.raises(SiteNotFound, match="relay site list"):
            await bench.bind("1", site)
        assert bench.store.calls == []

    async def test_other_pages_of_both_outboxes_are_left_alone(self, bench: Bench) -> None:
        await bench.bind("2", "acme")
        await bench.receive("kept", page="3")
        await bench.bind("1", "acme")
        await bench.receive("two", page="2")

        assert bench.store.payloads("acme") == payloads("two")
        assert bench.store.payloads("~3") == payloads("kept")
        assert bench.store.box("acme").fenced == set()

    async def test_the_steps_are_those_that_the_module_explains(self, bench: Bench) -> None:
        await bench.receive("a")
        calls = bench.die_at(100)
        await bench.bind("1", "acme")

        assert calls == STEPS_OF_BIND


class TestDyingWhileBinding:
    @pytest.mark.parametrize("step", range(len(STEPS_OF_BIND)))
    async def test_whatever_was_accepted_reaches_the_site_in_order_once_bind_is_called_again(
        self, bench: Bench, step: int
    ) -> None:
        accepted = [text for text in ("a", "b") if await bench.receive(text)]
        bench.die_at(step)
        with pytest.raises(Died):
            await bench.bind("1", "acme")
        bench.live()
        accepted += [text for text in ("c", "d") if await bench.receive(text)]
        await bench.bind("1", "acme")
        accepted += [text for text in ("e", "f") if await bench.receive(text)]

        assert bench.store.payloads("acme") == payloads(*accepted)
        assert bench.store.payloads("~1") == []
        assert accepted[:2] == ["a", "b"]
        assert accepted[-2:] == ["e", "f"]

    async def test_dying_between_copy_and_delete_brings_some_twice_and_none_late(self) -> None:
        # The real store copies before it deletes, as the two outboxes may live on two machines of a cluster.
        class CopiesFirst(MemoryOutboxes):
            died = False

            async def move(self, mandate: Mandate, site: str, *, limit: int) -> int:
                holding = self.box(holding_of(mandate.page_id))
                before = list(holding.entries)
                moved = await super().move(mandate, site, limit=limit)
                if moved and not self.died:
                    self.died = True
                    holding.entries = before
                    raise Died
                return moved

        store = CopiesFirst(ManualClock())
        await store.append({"~1": incoming("1", "a", "b")}, token="")
        bindings = Bindings(store, FakeSites("acme"))
        with pytest.raises(Died):
            await bindings.bind(Mandate("1", 1), "acme")
        await bindings.bind(Mandate("1", 2), "acme")
        await store.append({"acme": incoming("1", "c")}, token="")

        assert store.payloads("acme") == payloads("a", "b", "a", "b", "c")

    async def test_a_page_that_is_half_bound_belongs_to_that_site_and_can_be_unbound(self, bench: Bench) -> None:
        bench.die_at(STEPS_OF_BIND.index("move"))
        with pytest.raises(Died):
            await bench.bind("1", "acme")
        bench.live()
        assert await bench.receive("a")
        with pytest.raises(UserError, match="page 1 is bound to acme"):
            await bench.bind("1", "beta")
        assert await bench.unbind("1") == "acme"
        await bench.bind("1", "beta")

        assert bench.store.payloads("beta") == payloads("a")


class TestUnbind:
    async def test_what_waits_stays_with_its_site_and_what_comes_is_kept_unclaimed(self, bench: Bench) -> None:
        await bench.bind("1", "acme")
        await bench.receive("a")
        assert await bench.unbind("1") == "acme"
        await bench.receive("b")

        assert bench.store.payloads("acme") == payloads("a")
        assert bench.store.payloads("~1") == payloads("b")

    async def test_bound_to_another_site_afterwards_it_gets_what_came_in_between(self, bench: Bench) -> None:
        await bench.bind("1", "acme")
        await bench.receive("a")
        await bench.unbind("1")
        await bench.receive("b")
        await bench.bind("1", "beta")
        await bench.receive("c")

        assert bench.store.payloads("acme") == payloads("a")
        assert bench.store.payloads("beta") == payloads("b", "c")

    async def test_there_and_back_again(self, bench: Bench) -> None:
        for site, text in (("acme", "a"), ("beta", "b"), ("acme", "c")):
            await bench.bind("1", site)
            assert await bench.receive(text)
            await bench.unbind("1")

        assert bench.store.payloads("acme") == payloads("a", "c")
        assert bench.store.payloads("beta") == payloads("b")

    async def test_a_page_that_is_not_bound_is_said_so(self, bench: Bench) -> None:
        with pytest.raises(UserError, match=r"page 1 is not bound; `relay bindings`"):
            await bench.unbind("1")

    async def test_the_steps_are_known(self, bench: Bench) -> None:
        await bench.bind("1", "acme")
        calls = bench.die_at(100)
        await bench.unbind("1")

        assert calls == STEPS_OF_UNBIND

    @pytest.mark.parametrize("step", range(len(STEPS_OF_UNBIND)))
    async def test_dying_at_any_step_is_mended_by_unbinding_again(self, bench: Bench, step: int) -> None:
        await bench.bind("1", "acme")
        await bench.receive("a")
        bench.die_at(step)
        with pytest.raises(Died):
            await bench.unbind("1")
        bench.live()
        await bench.unbind("1")

        assert await bench.receive("b")
        assert bench.store.payloads("acme") == payloads("a")
        assert bench.store.payloads("~1") == payloads("b")


async def test_events_that_arrive_at_every_moment_of_a_bind_stay_in_order() -> None:
    """Between any two steps another process offers an event, and goes on when it was refused."""
    bench = Bench()
    accepted: list[str] = []
    numbers = iter(range(100))

    async def offer() -> None:
        text = f"e{next(numbers)}"
        if await bench.receive(text):
            accepted.append(text)

    class Busy(MemoryOutboxes):
        """Events come in around every step."""

        async def fence(self, mandate: Mandate, outbox: str) -> None:
            await offer()
            await super().fence(mandate, outbox)
            await offer()

        async def reserve(self, mandate: Mandate, site: str) -> str:
            owner = await super().reserve(mandate, site)
            await offer()
            return owner

        async def write(self, mandate: Mandate, site: str) -> str:
            owner = await super().write(mandate, site)
            await offer()
            return owner

        async def move(self, mandate: Mandate, site: str, *, limit: int) -> int:
            moved = await super().move(mandate, site, limit=limit)
            await offer()
            return moved

        async def open(self, mandate: Mandate, outbox: str) -> None:
            await super().open(mandate, outbox)
            await offer()

    busy = Busy(ManualClock())
    busy.boxes, busy.bindings = bench.store.boxes, bench.store.bindings
    await Bindings(busy, FakeSites("acme")).bind(Mandate("1", 1), "acme")

    assert bench.store.payloads("acme") == payloads(*accepted)
    assert accepted[0] == "e0"
    assert accepted[-1] == "e8"


async def test_two_operators_who_bind_one_page_at_once_end_with_one_owner_who_gets_everything() -> None:
    bench = Bench()
    await bench.receive("a")

    async def bind(site: str) -> str | None:
        try:
            await bench.bind("1", site)
        except UserError:
            return None
        return site

    class Interleaved(MemoryOutboxes):
        """Lets the other one run between any two calls."""

        async def enter(self, mandate: Mandate) -> str | None:
            found = await super().enter(mandate)
            await asyncio.sleep(0)
            return found

    bench.store.__class__ = Interleaved
    winners = [site for site in await asyncio.gather(bind("acme"), bind("beta")) if site]
    bench.store.__class__ = MemoryOutboxes
    await bench.receive("b")

    assert winners == [bench.store.bindings["1"]]
    assert bench.store.payloads(winners[0]) == payloads("a", "b")
