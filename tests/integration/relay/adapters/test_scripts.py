"""The Lua scripts: found beside their adapter, named as Redis names them, sent in full only when they must be."""

import pytest
from redis.asyncio import Redis

from relay.adapters.scripts import APPEND, PARK, SETTLE, Script


@pytest.mark.parametrize("script", [APPEND, SETTLE, PARK], ids=["append", "settle", "park"])
async def test_a_script_is_named_by_the_hash_that_redis_gives_it(redis: Redis, script: Script) -> None:
    assert await redis.script_load(script.source) in {script.sha, script.sha.encode()}


@pytest.mark.parametrize("script", [APPEND, SETTLE, PARK], ids=["append", "settle", "park"])
def test_a_script_begins_with_what_it_does_and_lists_keys_and_arguments(script: Script) -> None:
    head = script.source.split("\n\n")[0]

    assert head.startswith("-- ")
    assert "KEYS" in script.source
    assert "ARGV" in script.source
    assert "Returns" in script.source


async def test_it_travels_in_full_once_and_by_its_hash_from_then_on(redis: Redis) -> None:
    await redis.config_resetstat()
    for _ in range(3):
        await PARK.run(redis, ["{a}1", "{a}2"], ["t1", "parked", "1", "", ""])
    commands = await redis.info("commandstats")

    assert commands["cmdstat_eval"]["calls"] == 1
    assert commands["cmdstat_evalsha"]["calls"] == 3
