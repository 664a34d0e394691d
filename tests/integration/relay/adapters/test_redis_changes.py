"""The records of changes under way, in a real Redis, whose clock is the only one that counts."""

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_changes import RedisChanges
from relay.adapters.replies import text
from relay.core import keys
from relay.core.change import STALE_AFTER_S, Change, ChangeKind
from relay.engine.rebinding import Begun, Standing
from tests.support.redis_clock import redis_now_ms

BIND, UNBIND, SETTLE = ChangeKind.BIND, ChangeKind.UNBIND, ChangeKind.SETTLE
LONG_MS = round(STALE_AFTER_S * 1000) + 500


@pytest.fixture
def changes(redis: Redis) -> RedisChanges:
    return RedisChanges(redis)


async def begin(
    changes: RedisChanges, token: str, kind: ChangeKind = BIND, site: str = "acme", page: str = "1"
) -> Begun:
    """Wish to begin a change."""
    return await changes.begin(page, kind, site, token=token)


async def renewed(redis: Redis, *, ms_ago: int, page: str = "1") -> None:
    """Have a record look as if it was renewed so long ago."""
    record = text(await redis.hget(keys.CHANGES, page))
    at = await redis_now_ms(redis) - ms_ago
    await redis.hset(keys.CHANGES, page, f"{at} {record.partition(' ')[2]}")


async def test_the_first_change_is_recorded_and_the_second_is_told_of_it(changes: RedisChanges) -> None:
    first = await begin(changes, "ours")
    assert (first.standing, first.change.kind, first.change.site) == (Standing.NEW, BIND, "acme")
    assert await begin(changes, "theirs", UNBIND, "") == Begun(Standing.OTHER, first.change)
    assert (await begin(changes, "theirs", UNBIND, "", page="2")).standing is Standing.NEW
    assert sorted(await changes.pages()) == ["1", "2"]


@pytest.mark.parametrize("ms_ago", [0, LONG_MS - 1500, LONG_MS, -LONG_MS], ids=["now", "soon", "long ago", "ahead"])
async def test_a_change_that_nobody_renewed_is_taken_over_as_it_is(
    redis: Redis, changes: RedisChanges, ms_ago: int
) -> None:
    first = (await begin(changes, "ours")).change
    await renewed(redis, ms_ago=ms_ago)
    begun = await begin(changes, "theirs", UNBIND, "")

    stale = abs(ms_ago) >= LONG_MS  # ahead: Redis' clock was put back
    assert begun.standing is (Standing.TAKEN if stale else Standing.OTHER)
    assert (begun.change.kind, begun.change.site) == (BIND, "acme")
    assert (begun.change.token, begun.change.number > first.number) == (("theirs", True) if stale else ("ours", False))


async def test_its_first_owner_changes_nothing_any_more(redis: Redis, changes: RedisChanges) -> None:
    first = (await begin(changes, "ours")).change
    await renewed(redis, ms_ago=LONG_MS)
    taken = await changes.take_over("1", token="theirs")
    record = await redis.hget(keys.CHANGES, "1")
    await changes.renew("1", first)
    await changes.end("1", first)

    assert taken is not None
    assert await redis.hget(keys.CHANGES, "1") == record


async def test_what_is_alive_or_not_there_is_not_taken_over(changes: RedisChanges) -> None:
    assert await changes.take_over("1", token="t1") is None
    await begin(changes, "t1")
    assert await changes.take_over("1", token="t2") is None


async def test_asked_again_with_the_same_token_it_says_the_same(redis: Redis, changes: RedisChanges) -> None:
    first = await begin(changes, "t1")
    assert await begin(changes, "t1") == first
    await renewed(redis, ms_ago=LONG_MS)
    taken = await begin(changes, "t2", UNBIND, "")
    assert await begin(changes, "t2", UNBIND, "") == taken
    assert await changes.take_over("1", token="t2") == taken.change


async def test_its_owner_renews_and_ends_it(redis: Redis, changes: RedisChanges) -> None:
    change = (await begin(changes, "t1", UNBIND, "")).change
    await renewed(redis, ms_ago=LONG_MS)
    await changes.renew("1", change)
    assert await begin(changes, "t2") == Begun(Standing.OTHER, change)

    await changes.end("1", change)
    assert await changes.pages() == []


async def test_numbers_grow_though_the_record_of_the_last_one_is_lost_or_the_clock_was_put_back(
    redis: Redis, changes: RedisChanges
) -> None:
    numbers = [(await begin(changes, "t", page=str(page))).change.number for page in range(3)]
    await redis.delete(keys.CHANGE_NUMBER)
    numbers.append((await begin(changes, "t", page="3")).change.number)
    ahead = numbers[-1] + 3600 * 1_000_000
    await redis.set(keys.CHANGE_NUMBER, ahead)
    numbers.append((await begin(changes, "t", page="4")).change.number)

    assert numbers == sorted(set(numbers))
    assert numbers[-1] == ahead + 1


async def test_a_page_is_reported_unless_a_change_of_it_is_under_way(changes: RedisChanges) -> None:
    alive = (await begin(changes, "t1", page="2")).change
    for page in ("1", "2"):
        await changes.report(page)

    taken = await changes.take_over("1", token="t2")
    assert taken is not None
    assert (taken.kind, taken.number > alive.number) == (SETTLE, True)
    assert await begin(changes, "t2", page="2") == Begun(Standing.OTHER, alive)


@pytest.mark.parametrize(
    ("record", "kind", "site"), [("1000 dead bind acme", BIND, "acme"), ("1000 dead unbind ", UNBIND, "")]
)
async def test_what_a_former_release_left_undone_is_taken_over(
    redis: Redis, changes: RedisChanges, record: str, kind: ChangeKind, site: str
) -> None:
    await redis.hset(keys.CHANGES, "1", record)
    taken = await changes.take_over("1", token="t1")

    assert taken is not None
    assert taken == Change(kind, site, "t1", taken.number)
    assert taken.number > 0
