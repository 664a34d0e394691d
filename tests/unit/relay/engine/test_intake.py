"""Accepting one body: everything stored, in order, or no promise."""

import asyncio

import pytest

from relay.core.errors import MalformedBody, StoreUnavailable
from relay.engine import intake, writer
from relay.engine.intake import ROUTING_PAUSES_S, Accepted, Intake
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from tests.support import facebook
from tests.support.clock import ManualClock, Pauses
from tests.support.fakes import FakeShelf, payloads, tokens
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import soon, turn_over


class Bench:
    """An intake on outboxes in memory."""

    def __init__(self) -> None:
        self.store = MemoryOutboxes(ManualClock())
        self.shelf = FakeShelf()
        self.changes = MemoryChanges(ManualClock())
        self.sleep = Pauses()
        self.leases: list[str] = []
        appends = AppendWriter(
            self.store, new_token=tokens(), on_lease=lambda outbox, _token: self.leases.append(outbox)
        )
        self.intake = Intake(Routing(self.store), appends, self.shelf, self.changes, sleep=self.sleep)


def items(page: str, *texts: str) -> bytes:
    return f'{{"id":"{page}","messaging":[{",".join(chr(34) + text + chr(34) for text in texts)}]}}'.encode()


def body(*entries: bytes) -> bytes:
    return b'{"object":"page","entry":[' + b",".join(entries) + b"]}"


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_each_event_reaches_its_sites_outbox_in_order(bench: Bench) -> None:
    bench.store.bindings = {"1": "acme", "2": "beta", "3": "acme"}
    accepted = await bench.intake.accept(body(items("1", "a", "b"), items("2", "c"), items("3", "d"), items("1", "e")))

    assert accepted == Accepted("page", events=5, odd=0, unclaimed=0)
    assert bench.store.payloads("acme") == payloads("a", "b", "d", "e")
    assert bench.store.payloads("beta") == payloads("c")
    assert sorted(bench.leases) == ["acme", "beta"]


async def test_events_of_a_page_that_no_site_claims_are_kept_under_its_name(bench: Bench) -> None:
    accepted = await bench.intake.accept(body(items("9", "a", "b")))

    assert accepted == Accepted("page", events=2, odd=0, unclaimed=2)
    assert bench.store.payloads("~9") == payloads("a", "b")
    assert bench.leases == []


async def test_odd_entries_are_kept_aside_before_the_promise_is_made(bench: Bench) -> None:
    accepted = await bench.intake.accept(body(b'{"who":1}', items("9", "a")))

    assert accepted == Accepted("page", events=1, odd=1, unclaimed=1)
    assert bench.shelf.kept == [b'{"who":1}']


async def test_an_item_that_no_decoder_would_read_is_kept_aside_with_its_reason(bench: Bench) -> None:
    bench.store.bindings = {"1": "acme"}
    deep = b"[" * 1_000 + b"]" * 1_000
    await bench.intake.accept(body(items("1", "a")))  # the binding is known then
    accepted = await bench.intake.accept(body(b'{"id":"1","messaging":[' + deep + b',"b"]}'))

    assert accepted == Accepted("page", events=1, odd=1, unclaimed=0)
    assert bench.store.payloads("acme") == payloads("a", "b")
    assert (bench.shelf.kept, bench.shelf.reasons) == ([deep], ["nested deeper than 300 levels"])


async def test_a_body_about_something_else_stores_nothing(bench: Bench) -> None:
    assert await bench.intake.accept(facebook.body(subject="user")) == Accepted("user", 0, 0, 0)
    assert bench.store.calls == []


async def test_a_malformed_body_stores_nothing(bench: Bench) -> None:
    with pytest.raises(MalformedBody):
        await bench.intake.accept(b"{")
    assert bench.store.calls == []


async def test_a_stale_binding_is_looked_up_again_and_the_events_follow_in_order(bench: Bench) -> None:
    await bench.intake.accept(body(items("1", "a")))
    bench.store.box("~1").fenced.add("1")  # another process has bound the page meanwhile
    bench.store.bindings["1"] = "acme"
    bench.store.bindings["2"] = "acme"
    accepted = await bench.intake.accept(body(items("1", "b"), items("2", "x"), items("1", "c")))

    assert accepted == Accepted("page", events=3, odd=0, unclaimed=0)
    assert bench.store.payloads("~1") == payloads("a")
    assert [p for p in bench.store.payloads("acme") if p != b'"x"'] == payloads("b", "c")
    assert sorted(bench.store.payloads("acme")) == sorted(payloads("b", "x", "c"))
    assert bench.sleep.taken == [0.01]


async def test_while_a_page_is_being_bound_its_events_wait_and_then_go_behind_what_waited(bench: Bench) -> None:
    bench.store.bindings["1"] = "acme"
    bench.store.box("acme").fenced.add("1")

    def open_on_the_third_look(name: str) -> None:
        if name == "append" and bench.store.calls.count("append") == 2:
            bench.store.box("acme").fenced.clear()

    bench.store.before_call = open_on_the_third_look
    accepted = await bench.intake.accept(body(items("1", "a", "b")))

    assert accepted.events == 2
    assert bench.store.payloads("acme") == payloads("a", "b")
    assert bench.sleep.taken == [0.01, 0.05]


async def test_a_page_that_does_not_settle_in_time_is_no_promise(bench: Bench) -> None:
    bench.store.bindings = {"1": "acme", "2": "beta"}
    bench.store.box("acme").fenced.add("1")
    with pytest.raises(StoreUnavailable, match="page 1 is being moved"):
        await bench.intake.accept(body(items("1", "a"), items("2", "b")))

    assert bench.sleep.taken == list(ROUTING_PAUSES_S[1:])
    assert bench.store.payloads("acme") == []
    assert bench.store.payloads("beta") == payloads("b")
    assert await bench.changes.pages() == ["1"], "the sweep is asked to look at it"


def test_all_looks_together_end_well_before_meta_stops_waiting() -> None:
    assert sum(ROUTING_PAUSES_S) < 3.0
    assert ROUTING_PAUSES_S[0] == 0.0


@pytest.mark.parametrize("call", ["owners", "append"])
async def test_a_store_that_is_away_is_no_promise(bench: Bench, call: str) -> None:
    def away(name: str) -> None:
        if name == call:
            raise StoreUnavailable("away")

    bench.store.before_call = away
    with pytest.raises(StoreUnavailable, match="away"):
        await bench.intake.accept(body(items("1", "a"), items("2", "b")))


@pytest.mark.parametrize("slow", ["owners", "append", "keep"])
async def test_a_store_that_hangs_is_no_promise_in_time(
    bench: Bench, slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_args: object, **_options: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(intake, "ACCEPT_WITHIN_S", 0.05)
    monkeypatch.setattr(bench.shelf if slow == "keep" else bench.store, slow, hang)
    with pytest.raises(StoreUnavailable, match=r"not stored within 0\.05 s"):
        await soon(bench.intake.accept(body(b'{"who":1}', items("9", "a"))))


def test_whichever_way_a_body_takes_meta_gets_its_answer() -> None:
    assert max(intake.ACCEPT_WITHIN_S, writer.APPEND_WITHIN_S) < 4


async def test_two_bodies_at_once_keep_each_its_order(bench: Bench) -> None:
    bench.store.bindings["1"] = "acme"
    first = asyncio.ensure_future(bench.intake.accept(body(items("1", "a", "b"))))
    await turn_over(1)
    second = asyncio.ensure_future(bench.intake.accept(body(items("1", "c", "d"))))
    await soon(asyncio.gather(first, second))

    assert bench.store.payloads("acme") == payloads("a", "b", "c", "d")
