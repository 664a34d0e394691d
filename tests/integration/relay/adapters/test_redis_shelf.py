"""Where webhook entries go that cannot be routed."""

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_shelf import RedisShelf
from relay.core import keys
from relay.core.errors import StoreUnavailable
from tests.support.streams import entries, payloads_in


async def test_entries_are_kept_as_they_came(redis: Redis) -> None:
    await RedisShelf(redis).keep([b'{"who":1}', b"null"], reason="no page")

    assert await payloads_in(redis, keys.ODD) == [b'{"who":1}', b"null"]
    assert [fields[b"reason"] for _, fields in await entries(redis, keys.ODD)] == [b"no page"] * 2


async def test_only_the_newest_are_kept(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "ODD_KEPT", 100)
    await RedisShelf(redis).keep([str(number).encode() for number in range(1000)], reason="no page")
    kept = await payloads_in(redis, keys.ODD)

    # Redis trims by whole nodes of a hundred entries.
    assert 100 <= len(kept) <= 300
    assert kept[-1] == b"999"


async def test_trouble_is_our_error(redis: Redis) -> None:
    await redis.set(keys.ODD, "not a stream")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await RedisShelf(redis).keep([b"null"], reason="no page")
