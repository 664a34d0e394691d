"""Handing a page over in Redis. Its contract is in `test_handover_contract.py`; here are answers that were lost."""

from typing import Any

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_handover import RedisHandover
from relay.adapters.redis_put import Putter
from relay.adapters.scripts import LET_GO, PUT, Script
from relay.core import keys
from relay.core.change import Mandate
from relay.core.errors import StoreUnavailable
from relay.core.limits import DAY_MS, Limits, LossReason
from tests.support.streams import entries, payloads_in

FIRST, SECOND = Mandate("1", 1), Mandate("1", 2)


@pytest.fixture
def handover(redis: Redis) -> RedisHandover:
    return RedisHandover(redis, Putter(redis))


async def taken_out(redis: Redis, handover: RedisHandover, *payloads: bytes) -> None:
    """Let events wait at acme, and take them out."""
    for payload in payloads:
        await redis.xadd(keys.outbox("acme"), {"p": "1", "k": "standby", "d": payload})
    await handover.take_out(FIRST, "acme", below="+", limit=99)


def twice(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    """Have a script run twice each time, as a client does whose answer was lost."""
    run = script.run

    async def again(redis: Redis, keys_: list[str], args: list[Any]) -> Any:
        await run(redis, keys_, args)
        return await run(redis, keys_, args)

    monkeypatch.setattr(script, "run", again)


@pytest.mark.parametrize("script", [PUT, LET_GO], ids=["put", "let go"])
async def test_a_step_whose_answer_was_lost_is_done_once(
    redis: Redis, handover: RedisHandover, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    await taken_out(redis, handover, b"a", b"b", b"c", b"d")
    twice(monkeypatch, script)
    while await handover.bring(FIRST, "acme", "beta", limit=2):
        pass

    assert await payloads_in(redis, keys.outbox("beta")) == [b"a", b"b", b"c", b"d"]


async def test_whoever_goes_on_where_one_died_brings_nothing_twice_also_in_other_steps(
    redis: Redis, handover: RedisHandover, monkeypatch: pytest.MonkeyPatch
) -> None:
    await taken_out(redis, handover, b"a", b"b", b"c")

    async def die(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as dying:
        dying.setattr(LET_GO, "run", die)
        with pytest.raises(StoreUnavailable):
            await handover.bring(FIRST, "acme", "beta", limit=2)
    assert await payloads_in(redis, keys.outbox("beta")) == [b"a", b"b"]
    await handover.bring(SECOND, "acme", "beta", limit=99)

    assert await payloads_in(redis, keys.outbox("beta")) == [b"a", b"b", b"c"]
    assert await redis.exists(keys.leaving("acme", "1")) == 0


async def test_an_event_is_moved_as_it_is_and_keeps_the_time_at_which_it_was_accepted(
    redis: Redis, handover: RedisHandover
) -> None:
    await redis.xadd(keys.outbox("acme"), {"p": "1", "k": "standby", "d": b"\x00\xff"}, id="1700000000123-4")
    await redis.xadd(keys.outbox("acme"), {"p": "1", "k": "changes", "d": b"", "t": "1600000000000"})
    await taken_out(redis, handover)
    await handover.bring(FIRST, "acme", "beta", limit=9)

    assert [fields for _, fields in await entries(redis, keys.outbox("beta"))] == [
        {b"p": b"1", b"k": b"standby", b"d": b"\x00\xff", b"t": b"1700000000123"},
        {b"p": b"1", b"k": b"changes", b"d": b"", b"t": b"1600000000000"},
    ]


async def test_what_is_brought_pushes_the_oldest_out_of_a_full_outbox_and_is_told(redis: Redis) -> None:
    told = list[tuple[str, object]]()
    limits = Limits(max_events=2, max_bytes=1000, max_age_ms=DAY_MS)
    putter = Putter(redis, limits=limits, on_loss=lambda outbox, lost: told.append((outbox, lost)))
    handover = RedisHandover(redis, putter)
    await taken_out(redis, handover, b"a", b"b", b"c")
    await handover.bring(FIRST, "acme", "beta", limit=9)

    assert await payloads_in(redis, keys.outbox("beta")) == [b"b", b"c"]
    assert told == [("beta", {LossReason.OVERFLOW_EVENTS: 1})]
    assert await redis.exists(keys.losses("acme")) == 0


async def test_a_full_redis_loses_nothing_of_what_was_taken_out(redis: Redis, handover: RedisHandover) -> None:
    await taken_out(redis, handover, b"a")
    await redis.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable):
        await handover.bring(FIRST, "acme", "beta", limit=9)
    await redis.config_set("maxmemory", 0)
    await handover.bring(FIRST, "acme", "beta", limit=9)

    assert await payloads_in(redis, keys.outbox("beta")) == [b"a"]


async def test_both_sites_are_marked_for_the_sweep(redis: Redis, handover: RedisHandover) -> None:
    await taken_out(redis, handover, b"a")
    await handover.bring(FIRST, "acme", "beta", limit=9)

    assert await redis.zscore(keys.BACKLOG, "beta") == 0


async def test_an_empty_outbox_that_a_page_leaves_notes_nothing(redis: Redis) -> None:
    bindings = RedisBindings(redis)
    await redis.xadd(keys.outbox("acme"), {"p": "1", "k": "standby", "d": b"a"}, id="7-1")
    await bindings.leave(FIRST, "acme")
    assert await redis.hget(keys.gates("acme"), "1:left") == b"7-1"
    await redis.xtrim(keys.outbox("acme"), maxlen=0)
    await bindings.leave(SECOND, "acme")

    assert await redis.hget(keys.gates("acme"), "1:left") is None
