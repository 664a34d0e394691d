"""Bindings in Redis. Their contract is in `test_binding_contract.py`; here is a move that is cut in two."""

from typing import Any

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_backlog import LOOK_NOW
from relay.adapters.redis_bindings import SCAN_AT_ONCE, RedisBindings
from relay.adapters.redis_put import Putter
from relay.adapters.scripts import PUT, TAKE_AWAY
from relay.core import keys
from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken, StoreUnavailable
from relay.core.limits import DAY_MS, Limits, LossReason
from tests.support.streams import entries, payloads_in

FIRST, SECOND = Mandate("1", 1), Mandate("1", 2)


@pytest.fixture
def bindings(redis: Redis) -> RedisBindings:
    return RedisBindings(redis)


async def hold(redis: Redis, *payloads: bytes) -> None:
    """Put events under an unclaimed page."""
    for payload in payloads:
        await redis.xadd(keys.outbox("~1"), {"p": "1", "k": "standby", "d": payload})


async def test_all_bindings_are_listed_by_page(bindings: RedisBindings) -> None:
    for page, site in (("22", "beta"), ("11", "acme"), ("33", "acme")):
        await bindings.write(Mandate(page, 1), site)

    await bindings.reserve(Mandate("44", 1), "beta")

    assert list((await bindings.all()).items()) == [("11", "acme"), ("22", "beta"), ("33", "acme"), ("44", "beta")]
    assert {page: site async for page, site in bindings.scan()} == await bindings.all()


async def test_a_scan_goes_through_every_binding_piece_by_piece(redis: Redis, bindings: RedisBindings) -> None:
    written = {str(page): f"site-{page % 7}" for page in range(3 * SCAN_AT_ONCE)}
    await redis.hset(keys.BINDINGS, mapping=dict[Any, Any](written))
    calls = (await redis.info("commandstats")).get("cmdstat_hscan", {"calls": 0})["calls"]
    scanned = {page: site async for page, site in bindings.scan()}
    scans = (await redis.info("commandstats"))["cmdstat_hscan"]["calls"] - calls

    assert scanned == written
    assert scans >= 3


async def test_a_scan_with_redis_away_is_our_error(redis: Redis, bindings: RedisBindings) -> None:
    await redis.set(keys.BINDINGS, "not a hash")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        assert [binding async for binding in bindings.scan()] == []


async def test_a_fence_lives_in_its_own_set(redis: Redis, bindings: RedisBindings) -> None:
    await bindings.fence(FIRST, "acme")
    assert await redis.smembers(keys.fenced("acme")) == {b"1"}
    await bindings.open(FIRST, "acme")
    assert await redis.exists(keys.fenced("acme")) == 0


class TestMove:
    async def test_an_event_is_moved_as_it_is_and_keeps_the_time_at_which_it_was_accepted(
        self, redis: Redis, bindings: RedisBindings
    ) -> None:
        await redis.xadd(keys.outbox("~1"), {"p": "1", "k": "standby", "d": b"\x00\xff"}, id="1700000000123-4")
        await redis.xadd(keys.outbox("~1"), {"p": "1", "k": "standby", "d": b"", "t": "1600000000000"})
        assert await bindings.move(FIRST, "acme", limit=9) == 2

        assert [fields for _, fields in await entries(redis, keys.outbox("acme"))] == [
            {b"p": b"1", b"k": b"standby", b"d": b"\x00\xff", b"t": b"1700000000123"},
            {b"p": b"1", b"k": b"standby", b"d": b"", b"t": b"1600000000000"},
        ]

    async def test_what_is_moved_pushes_the_oldest_out_of_a_full_outbox_and_is_no_loss_where_it_waited(
        self, redis: Redis
    ) -> None:
        told = list[tuple[str, object]]()
        limits = Limits(max_events=3, max_bytes=1000, max_age_ms=DAY_MS)
        putter = Putter(redis, limits=limits, on_loss=lambda outbox, lost: told.append((outbox, lost)))
        bindings = RedisBindings(redis, putter)
        await redis.xadd(keys.outbox("acme"), {"p": "9", "k": "messaging", "d": "x"})
        await hold(redis, b"a", b"b", b"c")
        assert await bindings.move(FIRST, "acme", limit=9) == 3

        assert await payloads_in(redis, keys.outbox("acme")) == [b"a", b"b", b"c"]
        assert told == [("acme", {LossReason.OVERFLOW_EVENTS: 1})]
        assert await redis.exists(keys.losses("~1")) == 0

    async def test_the_outbox_is_marked(self, redis: Redis, bindings: RedisBindings) -> None:
        await hold(redis, b"a")
        await bindings.move(FIRST, "acme", limit=9)

        assert await redis.zscore(keys.BACKLOG, "acme") == LOOK_NOW

    async def test_what_was_copied_before_the_process_died_is_not_copied_again_by_whoever_goes_on(
        self, redis: Redis, bindings: RedisBindings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await hold(redis, b"a", b"b", b"c")

        async def die(*_: object) -> None:
            raise ConnectionResetError

        with monkeypatch.context() as dying:
            dying.setattr(TAKE_AWAY, "run", die)
            with pytest.raises(StoreUnavailable):
                await bindings.move(FIRST, "acme", limit=2)
        assert await payloads_in(redis, keys.outbox("~1")) == [b"a", b"b", b"c"]
        await redis.xtrim(keys.outbox("acme"), maxlen=0)  # its site has them by now
        while await bindings.move(SECOND, "acme", limit=3):
            pass

        assert await payloads_in(redis, keys.outbox("acme")) == [b"c"]
        assert await redis.xlen(keys.outbox("~1")) == 0

    async def test_what_came_while_the_process_stood_still_is_not_deleted_with_what_was_copied(
        self, redis: Redis, bindings: RedisBindings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await hold(redis, b"a")
        copied = PUT.run

        async def stand_still(redis: Redis, keys_: list[str], args: list[Any]) -> Any:
            answer = await copied(redis, keys_, args)
            await redis.delete(keys.outbox("~1"))
            await redis.xadd(keys.outbox("~1"), {"p": "1", "k": "standby", "d": b"new"}, id="1-0")
            return answer

        monkeypatch.setattr(PUT, "run", stand_still)
        await bindings.move(FIRST, "acme", limit=2)

        assert await payloads_in(redis, keys.outbox("~1")) == [b"new"]

    async def test_overtaken_between_copy_and_delete_it_leaves_the_delete_to_the_other(
        self, redis: Redis, bindings: RedisBindings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await hold(redis, b"a")
        copied = PUT.run

        async def stand_still(redis: Redis, keys_: list[str], args: list[Any]) -> Any:
            answer = await copied(redis, keys_, args)
            await bindings.fence(SECOND, "~1")
            return answer

        monkeypatch.setattr(PUT, "run", stand_still)
        with pytest.raises(ChangeOvertaken):
            await bindings.move(FIRST, "acme", limit=2)

        assert await payloads_in(redis, keys.outbox("~1")) == [b"a"]

    async def test_a_full_redis_moves_nothing_and_loses_nothing(self, redis: Redis, bindings: RedisBindings) -> None:
        await hold(redis, b"a")
        await redis.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable):
            await bindings.move(FIRST, "acme", limit=9)

        assert await payloads_in(redis, keys.outbox("~1")) == [b"a"]
        assert await redis.xlen(keys.outbox("acme")) == 0


async def test_what_an_earlier_release_left_behind_is_fenced_as_ever_and_opened_by_the_next_change(
    redis: Redis, bindings: RedisBindings
) -> None:
    await redis.sadd(keys.fenced("acme"), "1", "2")
    await redis.hset(keys.BINDINGS, "1", "beta")

    assert await bindings.enter(FIRST) == "beta"
    await bindings.erase(FIRST, "beta")
    await bindings.open(FIRST, "acme")
    assert await redis.smembers(keys.fenced("acme")) == {b"2"}
