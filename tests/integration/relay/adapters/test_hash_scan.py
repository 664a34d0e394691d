"""Going through a hash in pieces, on a real Redis: all of it comes, in as many round trips as its size asks for."""

from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from relay.adapters.hash_scan import scan_hash
from relay.core.errors import StoreUnavailable

FIELDS: Mapping[Any, Any] = {f"field-{number}": b"\xff%d" % number for number in range(2000)}


async def test_a_large_hash_comes_whole_and_in_pieces(redis: Redis) -> None:
    await redis.hset("hash", mapping=FIELDS)
    calls = (await redis.info("commandstats")).get("cmdstat_hscan", {"calls": 0})["calls"]
    found = {field: value async for field, value in scan_hash(redis, "hash", at_once=100)}

    assert found == FIELDS
    assert 10 <= (await redis.info("commandstats"))["cmdstat_hscan"]["calls"] - calls <= 30


async def test_there_is_nothing_in_a_hash_that_is_not_there(redis: Redis) -> None:
    assert [each async for each in scan_hash(redis, "hash", at_once=100)] == []


async def test_what_cannot_be_read_is_the_stores_trouble(redis: Redis) -> None:
    await redis.set("hash", "no hash")
    with pytest.raises(StoreUnavailable):
        await anext(scan_hash(redis, "hash", at_once=100))
