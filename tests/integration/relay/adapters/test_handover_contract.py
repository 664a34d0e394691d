"""One suite for every store that a page can be handed over in: Redis, a cluster of it, and the fake in memory."""

from collections.abc import Awaitable, Callable

import pytest

from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken
from relay.core.limits import Part
from relay.core.outbox import BatchLimits
from relay.core.webhook import Incoming
from relay.engine.binding import Bindings
from relay.engine.handover import HandedOver, Handover
from relay.engine.outbox_admin import Action
from relay.engine.ports import Acknowledged, Batch
from shared import page_events
from shared.wire import Rejection
from tests.support.fakes import FakeNotices, FakeSites, incoming, payloads
from tests.support.outbox_stores import Store

FIRST, SECOND, THIRD = Mandate("1", 1), Mandate("1", 2), Mandate("1", 3)
TWO = BatchLimits(max_events=2, max_bytes=1000)
GONE, HERE = b"parting", b"arrival at beta"

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


@pytest.fixture
async def handover(store: Store) -> Handover:
    """Return the use case, with the page bound to acme."""
    bindings = Bindings(store.bindings, FakeSites("acme", "beta"))
    await bindings.bind(FIRST, "acme")
    return Handover(bindings, store.bindings, store.handover, FakeNotices())


async def hand_out(store: Store, *, site: str = "acme", events: int = 2) -> Batch:
    """Let a drain take the lease and a batch."""
    await store.lose_lease(site)
    assert await store.drain.claim(site, token="d")
    limits = BatchLimits(max_events=events, max_bytes=1000)
    step = await store.drain.next_batch(site, token="d", done=None, limits=limits)
    assert isinstance(step, Batch)
    return step


async def test_what_waits_goes_to_the_new_site_before_what_comes(store: Store, handover: Handover) -> None:
    await store.add("acme", "a", "b")

    assert await handover.move(SECOND, "acme", "beta") == HandedOver("acme", 2, 0, has_token=True)
    await store.add("beta", "c")
    assert await store.waiting("beta") == [HERE, *payloads("a", "b", "c")]
    assert await store.waiting("acme") == [GONE]
    assert (await store.add("acme", "d")).refused == [0]
    assert await store.bindings.reserved_by("1") == "beta"


async def test_what_a_drain_was_handed_stays_whatever_became_of_it(store: Store, handover: Handover) -> None:
    await store.add("acme", *"abcd")
    batch = await hand_out(store)
    moved = await handover.move(SECOND, "acme", "beta")
    await store.drain.release("acme", token="d", done=Acknowledged(batch.entries))

    assert moved == HandedOver("acme", 2, 2, has_token=True)
    assert await store.waiting("acme") == [GONE]
    assert await store.waiting("beta") == [HERE, *payloads("c", "d")]


async def test_a_batch_that_failed_stays_although_nobody_has_the_lease(store: Store, handover: Handover) -> None:
    await store.add("acme", *"abc")
    await hand_out(store)
    await store.drain.park("acme", token="d", wait_s=600.0, reason="no answer")
    await handover.move(SECOND, "acme", "beta")

    assert await store.waiting("acme") == [*payloads("a", "b"), GONE]
    assert await store.waiting("beta") == [HERE, *payloads("c")]


async def test_other_pages_of_the_old_site_stay_in_their_order(store: Store, handover: Handover) -> None:
    await store.add("acme", "a")
    await store.add("acme", "x", page="2")
    await store.add("acme", "b")
    await store.add("acme", "y", page="2")
    await handover.move(SECOND, "acme", "beta")

    assert await store.waiting("acme") == [*payloads("x", "y"), GONE]
    assert await store.waiting("beta") == [HERE, *payloads("a", "b")]


async def test_the_bytes_of_both_outboxes_are_counted_right(store: Store, handover: Handover) -> None:
    await store.add("acme", "a" * 100, "b" * 10)
    await handover.move(SECOND, "acme", "beta")

    assert (await store.bytes_kept("acme"))[0] == len(GONE)
    assert (await store.bytes_kept("beta"))[0] == len(HERE) + 102 + 12


async def test_dead_letters_stay_also_when_they_are_replayed_before_the_move(store: Store, handover: Handover) -> None:
    await store.add("acme", "bad", "worse")
    batch = await hand_out(store)
    refused = [Rejection(entry.id, "odd") for entry in batch.entries]
    await store.drain.release("acme", token="d", done=Acknowledged(batch.entries, refused))
    await store.sift(Part.DEAD, Action.MOVE)
    await store.add("acme", "new")

    assert await handover.move(SECOND, "acme", "beta") == HandedOver("acme", 1, 2, has_token=True)
    assert await store.waiting("acme") == [*payloads("bad", "worse"), GONE]
    assert await store.waiting("beta") == [HERE, *payloads("new")]


async def test_what_an_unbind_left_to_the_site_stays_also_after_the_page_came_back(store: Store) -> None:
    bindings = Bindings(store.bindings, FakeSites("acme", "beta"))
    await bindings.bind(FIRST, "acme")
    await store.add("acme", "left")
    await bindings.unbind(SECOND)
    await bindings.bind(THIRD, "acme")
    await store.add("acme", "new")
    handover = Handover(bindings, store.bindings, store.handover, FakeNotices())

    assert (await handover.move(Mandate("1", 4), "acme", "beta")).staying_events == 1
    assert await store.waiting("acme") == [*payloads("left"), GONE]
    assert await store.waiting("beta") == [HERE, *payloads("new")]


async def test_what_the_relay_told_the_old_site_alone_stays_there_and_what_it_told_of_the_page_goes_along(
    store: Store, handover: Handover
) -> None:
    for kind in (page_events.KIND_CONNECTED, page_events.KIND_TOKEN_INVALID, page_events.KIND_GAP):
        event = Incoming("1", kind, f'"{kind}"'.encode())
        await store.appender.append({"acme": [event]}, token="")

    assert await handover.move(SECOND, "acme", "beta") == HandedOver("acme", 1, 0, has_token=True)
    assert await store.waiting("acme") == [*payloads("page.connected", "page.token_invalid"), GONE]
    assert await store.waiting("beta") == [HERE, *payloads("page.gap")]


async def test_moved_on_and_back_every_event_is_at_one_site(store: Store, handover: Handover) -> None:
    await store.add("acme", *"abc")
    await hand_out(store, events=1)
    await handover.move(SECOND, "acme", "beta")
    await store.add("beta", "d")
    await hand_out(store, site="beta", events=2)  # the arrival, and b
    await handover.move(THIRD, "beta", "acme")
    await store.add("acme", "e")

    told = {b"parting", b"arrival at acme", HERE}
    assert [each for each in await store.waiting("acme") if each not in told] == payloads("a", "c", "d", "e")
    assert [each for each in await store.waiting("beta") if each not in told] == payloads("b")


async def test_a_step_through_a_long_outbox_is_bounded_and_begins_at_its_end(store: Store, handover: Handover) -> None:
    del handover
    await store.add("acme", *"abcde")
    step = await store.handover.take_out(FIRST, "acme", below="+", limit=2)

    assert (step.taken, step.staying, bool(step.go_on)) == (2, 0, True)
    assert await store.waiting("acme") == payloads("a", "b", "c")
    rest = await store.handover.take_out(FIRST, "acme", below=step.go_on, limit=9)
    assert (rest.taken, rest.go_on) == (3, "")
    assert await store.handover.bring(FIRST, "acme", "beta", limit=4) == 4
    assert await store.waiting("beta") == payloads("a", "b", "c", "d")
    assert await store.handover.bring(FIRST, "acme", "beta", limit=4) == 1
    assert await store.handover.bring(FIRST, "acme", "beta", limit=4) == 0


async def test_what_waited_unclaimed_keeps_its_time_and_goes_along(store: Store, handover: Handover) -> None:
    await handover.move(SECOND, "acme", "beta")
    await store.add("beta", *"abc")
    await handover.move(THIRD, "beta", "acme")
    batch = await hand_out(store, events=9)

    moved = [entry for entry in batch.entries if entry.payload in payloads(*"abc")]
    assert [entry.payload for entry in moved] == payloads(*"abc")
    assert all(entry.arrived_ms is not None and entry.arrived_ms <= entry.accepted_at_ms for entry in moved)


@pytest.mark.parametrize("step", ["hand_over", "tell", "take_out", "bring"])
async def test_whoever_was_overtaken_where_a_step_writes_can_do_it_no_more(store: Store, step: str) -> None:
    bindings, handover = store.bindings, store.handover
    await bindings.write(FIRST, "acme")
    await store.add("acme", "a", "b")
    await handover.take_out(FIRST, "acme", below="+", limit=1)
    await bindings.fence(SECOND, "acme")
    await bindings.fence(SECOND, "beta")
    await bindings.enter(SECOND)
    late: dict[str, Callable[[], Awaitable[object]]] = {
        "hand_over": lambda: handover.hand_over(FIRST, "acme", "beta"),
        "tell": lambda: handover.tell(FIRST, "acme", Incoming("1", page_events.KIND_DISCONNECTED, GONE)),
        "take_out": lambda: handover.take_out(FIRST, "acme", below="+", limit=9),
        "bring": lambda: handover.bring(FIRST, "acme", "beta", limit=9),
    }
    with pytest.raises(ChangeOvertaken):
        await late[step]()

    assert await bindings.reserved_by("1") == "acme"
    assert (await store.waiting("acme"), await store.waiting("beta")) == (payloads("a"), [])


async def test_a_page_is_handed_over_by_its_own_site_alone(store: Store) -> None:
    await store.bindings.write(FIRST, "acme")

    assert await store.handover.hand_over(FIRST, "beta", "gamma") == "acme"
    assert await store.bindings.owners(["1"]) == {"1": "acme"}
    assert await store.handover.hand_over(FIRST, "acme", "beta") == "beta"
    assert await store.bindings.owners(["1"]) == {}
    assert await store.bindings.reserved_by("1") == "beta"


async def test_many_pages_of_one_site_leave_it_at_once(store: Store) -> None:
    bindings = Bindings(store.bindings, FakeSites("acme", "beta"))
    for page in ("1", "2"):
        await bindings.bind(Mandate(page, 1), "acme")
        await store.add("acme", f"of {page}", page=page)
        await store.handover.take_out(Mandate(page, 1), "acme", below="+", limit=9)
    await store.handover.bring(Mandate("2", 1), "acme", "beta", limit=9)

    assert await store.waiting("beta") == payloads("of 2")
    assert incoming("1", "of 1")[0].payload not in await store.waiting("acme")
