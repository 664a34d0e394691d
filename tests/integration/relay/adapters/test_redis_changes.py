"""The records of changes under way, in a real Redis."""

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_changes import RedisChanges
from relay.core.change import STALE_AFTER_S, Change, ChangeKind

NOW = 1_000_000.0
OURS = Change(ChangeKind.BIND, "acme", "ours", round(NOW * 1000))
THEIRS = Change(ChangeKind.UNBIND, "", "theirs", round(NOW * 1000))


@pytest.fixture
def changes(redis: Redis) -> RedisChanges:
    return RedisChanges(redis)


async def test_the_first_change_is_recorded_and_the_second_is_told_of_it(changes: RedisChanges) -> None:
    assert await changes.begin("1", OURS, now=NOW) is None
    assert await changes.begin("1", THEIRS, now=NOW + STALE_AFTER_S) == OURS
    assert await changes.begin("2", THEIRS, now=NOW) is None
    assert await changes.all() == {"1": OURS, "2": THEIRS}


async def test_a_stale_change_is_taken_over_and_its_owner_changes_nothing_any_more(changes: RedisChanges) -> None:
    await changes.begin("1", OURS, now=NOW)
    assert await changes.begin("1", THEIRS, now=NOW + STALE_AFTER_S + 0.1) is None

    await changes.renew("1", OURS)
    await changes.end("1", OURS)
    assert await changes.all() == {"1": THEIRS}


async def test_its_owner_renews_and_ends_it(changes: RedisChanges) -> None:
    await changes.begin("1", OURS, now=NOW)
    renewed = Change(OURS.kind, OURS.site, OURS.token, OURS.renewed_at_ms + 5000)
    await changes.renew("1", renewed)
    assert await changes.all() == {"1": renewed}

    await changes.end("1", renewed)
    assert await changes.all() == {}
