"""Outboxes as operators see and change them, in Redis."""

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_outboxes
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_outboxes import RedisOutboxes
from relay.core import keys
from relay.core.choice import Choice
from relay.core.errors import StoreUnavailable
from relay.core.limits import DAY_MS, Limits, Part
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.engine.outbox_admin import Action, Listed, Sifted
from relay.engine.ports import Acknowledged, Batch
from shared.wire import Rejection
from tests.support.clock import ManualClock
from tests.support.fakes import incoming, payloads
from tests.support.streams import entries, payloads_in

ROOMY = Limits(1000, 100_000, DAY_MS)


def outboxes(redis: Redis, *, waiting: Limits = ROOMY, dead: Limits = ROOMY, at_once: int = 500) -> RedisOutboxes:
    return RedisOutboxes(redis, {Part.WAITING: waiting, Part.DEAD: dead}, sifted_at_once=at_once)


async def put(redis: Redis, *ids: str, outbox: str = "acme", page: str = "22") -> None:
    """Put in events that say their id."""
    for entry_id in ids:
        await redis.xadd(keys.outbox(outbox), {"p": page, "k": "messaging", "d": f'"{entry_id}"'}, id=entry_id)


async def bury(redis: Redis, *texts: str) -> Sequence[str]:
    """Make dead letters of events, and return their ids."""
    drain = RedisDrain(redis, clock=ManualClock())
    await RedisAppender(redis, clock=ManualClock()).append({"acme": incoming("22", *texts)}, token="bury")
    batch = await drain.next_batch("acme", token="bury", done=None, limits=DEFAULT_LIMITS)
    assert isinstance(batch, Batch)
    done = Acknowledged(batch.entries, [Rejection(entry.id, "odd") for entry in batch.entries])
    await drain.release("acme", token="bury", done=done)
    return [entry.id for entry in batch.entries]


class TestNames:
    async def test_sites_and_whatever_is_in_an_index_are_named_once(self, redis: Redis) -> None:
        await redis.hset(keys.SITES, "acme", "x")
        await redis.hset(keys.SITES, "beta", "x")
        for index, name in (
            (keys.BACKLOG, "~1"),
            (keys.BACKLOG, "acme"),
            (keys.DEAD_LETTERS, "~2"),
            (keys.LOSSES, "~3"),
        ):
            await redis.zadd(index, {name: 0})

        assert await outboxes(redis).names() == ["acme", "beta", "~1", "~2", "~3"]

    async def test_sites_exist_when_they_are_registered_and_pages_always(self, redis: Redis) -> None:
        await redis.hset(keys.SITES, "acme", "x")
        store = outboxes(redis)

        assert [await store.exists(name) for name in ("acme", "beta", "~1")] == [True, False, True]


class TestLook:
    async def test_an_event_is_told_by_id_time_page_kind_and_size(self, redis: Redis) -> None:
        await put(redis, "1700000000123-4")
        listing = await outboxes(redis).look("acme", Part.WAITING, Choice(), at_most=9, with_payload=False)

        assert list(listing.events) == [Listed("1700000000123-4", "22", "messaging", 17, 1_700_000_000_123)]
        assert listing.go_on == ""

    async def test_what_it_says_is_told_when_it_is_asked_for(self, redis: Redis) -> None:
        await put(redis, "5-1")
        listing = await outboxes(redis).look("acme", Part.WAITING, Choice(), at_most=9, with_payload=True)

        assert listing.events[0].payload == b'"5-1"'

    async def test_a_dead_letter_is_told_with_its_reason_and_where_it_waited(self, redis: Redis) -> None:
        (waited_as,) = await bury(redis, "a")
        (letter,) = (await outboxes(redis).look("acme", Part.DEAD, Choice(), at_most=9, with_payload=False)).events

        assert (letter.reason, letter.waited_as, letter.size) == ("odd", waited_as, 3)
        assert letter.accepted_at_ms == int(waited_as.partition("-")[0])

    async def test_an_event_that_moved_is_told_with_the_time_at_which_it_was_accepted(self, redis: Redis) -> None:
        await redis.xadd(keys.outbox("acme"), {"p": "22", "k": "changes", "d": "{}", "t": "1600000000000"})
        (event,) = (await outboxes(redis).look("acme", Part.WAITING, Choice(), at_most=9, with_payload=False)).events

        assert event.accepted_at_ms == 1_600_000_000_000

    @pytest.mark.parametrize(
        ("choice", "ids"),
        [
            pytest.param(Choice(), ["5-1", "6-0", "7-0", "7-1", "9-0"], id="all"),
            pytest.param(Choice(first="6"), ["6-0", "7-0", "7-1", "9-0"], id="since"),
            pytest.param(Choice(last="7"), ["5-1", "6-0", "7-0", "7-1"], id="until"),
            pytest.param(Choice(page_id="33"), ["6-0"], id="a page"),
            pytest.param(Choice("7-0", "7-0"), ["7-0"], id="one event"),
            pytest.param(Choice("(7-0"), ["7-1", "9-0"], id="behind one"),
            pytest.param(Choice("8-0", "8-0"), [], id="none"),
        ],
    )
    async def test_events_are_chosen_by_time_page_and_id(self, redis: Redis, choice: Choice, ids: list[str]) -> None:
        await put(redis, "5-1")
        await put(redis, "6-0", page="33")
        await put(redis, "7-0", "7-1", "9-0")
        listing = await outboxes(redis).look("acme", Part.WAITING, choice, at_most=9, with_payload=False)

        assert [each.id for each in listing.events] == ids

    @pytest.mark.parametrize("looked_at", [3, 4, 1000])
    @pytest.mark.parametrize("at_most", [1, 2, 7])
    async def test_answer_after_answer_every_event_is_listed_once(
        self, redis: Redis, monkeypatch: pytest.MonkeyPatch, at_most: int, looked_at: int
    ) -> None:
        monkeypatch.setattr(redis_outboxes, "LOOKED_AT_AT_ONCE", looked_at)
        for number in range(1, 8):
            await put(redis, f"{number}-0", page="33" if number in {2, 3, 4} else "22")
        found, choice = list[str](), Choice(page_id="22")
        for _ in range(20):
            listing = await outboxes(redis).look("acme", Part.WAITING, choice, at_most=at_most, with_payload=False)
            assert len(listing.events) <= at_most
            found += [each.id for each in listing.events]
            if not listing.go_on:
                break
            choice = choice.going_on(listing.go_on, "")

        assert found == ["1-0", "5-0", "6-0", "7-0"]

    async def test_an_answer_has_bounded_bytes_and_at_least_one_event(
        self, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redis_outboxes, "PAYLOADS_AT_ONCE", 12)
        await put(redis, "1-0", "2-0", "300000000000-0", "4000000000000-0")
        found, choice = list[list[str]](), Choice()
        for _ in range(9):
            listing = await outboxes(redis).look("acme", Part.WAITING, choice, at_most=9, with_payload=True)
            found.append([each.id for each in listing.events])
            choice = choice.going_on(listing.go_on, "")
            if not listing.go_on:
                break

        assert found == [["1-0", "2-0"], ["300000000000-0"], ["4000000000000-0"]]


class TestSift:
    """Random histories hold the rest of it: `test_outbox_histories.py`."""

    async def test_a_dry_run_tells_what_would_be_done_and_does_nothing(self, redis: Redis) -> None:
        await put(redis, "1-0", "2-0", "3-0")
        sifted = await outboxes(redis).sift("acme", Part.WAITING, Action.COUNT, Choice(first="2"), reason="")

        assert sifted == Sifted("", "3-0", 2, 2, 10, 0, full=False)
        assert await redis.xlen(keys.outbox("acme")) == 3
        assert await redis.exists(keys.losses("acme")) == 0

    async def test_what_comes_after_the_first_step_is_not_chosen(self, redis: Redis) -> None:
        await put(redis, "1-0", "2-0", "3-0")
        store, choice = outboxes(redis, at_once=2), Choice()
        first = await store.sift("acme", Part.WAITING, Action.DROP, choice, reason="")
        await put(redis, "4-0")
        rest = await store.sift("acme", Part.WAITING, Action.DROP, choice.going_on(first.go_on, first.last), reason="")

        assert (first.go_on, first.last, rest.go_on) == ("(2-0", "3-0", "")
        assert await payloads_in(redis, keys.outbox("acme")) == [b'"4-0"']
        assert await redis.hget(keys.losses("acme"), "dropped") == b"3"

    async def test_a_step_that_is_repeated_for_its_lost_answer_counts_nothing_twice(self, redis: Redis) -> None:
        await put(redis, "1-0", "2-0")
        store = outboxes(redis)
        for _ in range(2):
            await store.sift("acme", Part.WAITING, Action.DROP, Choice(last="1"), reason="")

        assert await redis.hget(keys.losses("acme"), "dropped") == b"1"

    async def test_of_the_batch_in_flight_nothing_is_touched_while_the_lease_is_held(self, redis: Redis) -> None:
        await put(redis, "9-0", "9-5", "10-0", "10-1", "11-0")
        drain = RedisDrain(redis, clock=ManualClock())
        await drain.claim("acme", token="t1")
        await drain.next_batch("acme", token="t1", done=None, limits=BatchLimits(3, 1000))
        store = outboxes(redis)
        sifted = await store.sift("acme", Part.WAITING, Action.DROP, Choice(), reason="")
        assert (sifted.chosen, sifted.in_flight) == (2, 3)
        assert await payloads_in(redis, keys.outbox("acme")) == [b'"9-0"', b'"9-5"', b'"10-0"']
        await drain.park("acme", token="t1", wait_s=600.0, reason="the site answered 403")
        sifted = await store.sift("acme", Part.WAITING, Action.DROP, Choice("9-5", "9-5"), reason="")

        assert (sifted.chosen, sifted.in_flight) == (1, 0)
        assert await payloads_in(redis, keys.outbox("acme")) == [b'"9-0"', b'"10-0"']

    async def test_a_waiting_event_is_set_aside_with_the_reason_and_its_first_time(self, redis: Redis) -> None:
        await put(redis, "1700000000123-4", "1700000000123-5")
        await outboxes(redis).sift("acme", Part.WAITING, Action.MOVE, Choice(last="1700000000123-4"), reason="firewall")
        ((_, fields),) = await entries(redis, keys.dead("acme"))

        assert fields == {
            b"p": b"22",
            b"k": b"messaging",
            b"d": b'"1700000000123-4"',
            b"id": b"1700000000123-4",
            b"why": b"firewall",
        }
        assert await payloads_in(redis, keys.outbox("acme")) == [b'"1700000000123-5"']
        assert await redis.zscore(keys.DEAD_LETTERS, "acme") == 0

    async def test_a_dead_letter_is_replayed_at_the_end_and_the_sweep_looks_at_once(self, redis: Redis) -> None:
        (waited_as,) = await bury(redis, "a")
        await RedisAppender(redis, clock=ManualClock()).append({"acme": incoming("22", "b")}, token="")
        await redis.delete(keys.BACKLOG)
        await outboxes(redis).sift("acme", Part.DEAD, Action.MOVE, Choice(), reason="")

        assert await payloads_in(redis, keys.outbox("acme")) == payloads("b", "a")
        assert (await entries(redis, keys.outbox("acme")))[1][1][b"t"] == waited_as.partition("-")[0].encode()
        assert await redis.xlen(keys.dead("acme")) == 0
        assert await redis.zscore(keys.BACKLOG, "acme") == 0

    async def test_there_and_back_an_event_is_accepted_when_it_first_was(self, redis: Redis) -> None:
        await redis.xadd(keys.outbox("acme"), {"p": "22", "k": "messaging", "d": "1", "t": "1600000000000"})
        store = outboxes(redis)
        for part in (Part.WAITING, Part.DEAD, Part.WAITING, Part.DEAD):
            await store.sift("acme", part, Action.MOVE, Choice(), reason="x")
        ((_, fields),) = await entries(redis, keys.outbox("acme"))

        assert fields == {b"p": b"22", b"k": b"messaging", b"d": b"1", b"t": b"1600000000000", b"r": b"1"}

    async def test_a_replay_stops_where_the_outbox_is_full_and_goes_on_when_there_is_room(self, redis: Redis) -> None:
        await bury(redis, "a", "b", "c")
        store = outboxes(redis, waiting=Limits(2, 1000, DAY_MS))
        first = await store.sift("acme", Part.DEAD, Action.MOVE, Choice(), reason="")
        await redis.delete(keys.outbox("acme"))
        rest = await store.sift("acme", Part.DEAD, Action.MOVE, Choice(first=first.go_on), reason="")

        assert (first.chosen, first.full, rest.chosen, rest.full) == (2, True, 1, False)
        assert await payloads_in(redis, keys.outbox("acme")) == payloads("c")
        assert await redis.exists(keys.losses("acme")) == 0

    async def test_an_unclaimed_page_whose_events_are_dropped_is_remembered(self, redis: Redis) -> None:
        await put(redis, "1-0", outbox="~22")
        await outboxes(redis).sift("~22", Part.WAITING, Action.DROP, Choice(), reason="")

        assert await redis.zrange(keys.LOSSES, 0, -1) == [b"~22"]

    async def test_a_full_redis_still_lets_events_be_dropped_and_moved(self, redis: Redis) -> None:
        await put(redis, "1-0", "2-0")
        await redis.config_set("maxmemory", 1)
        store = outboxes(redis)
        dropped = await store.sift("acme", Part.WAITING, Action.DROP, Choice(last="1"), reason="")
        moved = await store.sift("acme", Part.WAITING, Action.MOVE, Choice(), reason="x")

        assert (dropped.chosen, moved.chosen) == (1, 1)
        assert await redis.xlen(keys.dead("acme")) == 1


async def test_trouble_is_our_error(redis: Redis) -> None:
    store = outboxes(redis)
    for key in (keys.outbox("acme"), keys.SITES):
        await redis.set(key, "neither a stream nor a hash")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await store.names()
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await store.exists("acme")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await store.look("acme", Part.WAITING, Choice(), at_most=1, with_payload=False)
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await store.sift("acme", Part.WAITING, Action.COUNT, Choice(), reason="")
