"""The Lua scripts: found beside their adapter, named as Redis names them, sent in full only when they must be."""

import re

import pytest
from redis.asyncio import Redis

from relay.adapters import scripts
from relay.adapters.scripts import PARK, Script

SCRIPTS = {name.lower(): script for name, script in vars(scripts).items() if isinstance(script, Script)}
each_script = pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())


@each_script
async def test_a_script_is_named_by_the_hash_that_redis_gives_it(redis: Redis, script: Script) -> None:
    assert await redis.script_load(script.source) in {script.sha, script.sha.encode()}


@each_script
def test_a_script_begins_with_what_it_does_and_lists_keys_and_arguments(script: Script) -> None:
    assert script.source.startswith("-- ")
    assert "KEYS" in script.source
    assert ("ARGV  1" in script.source) is ("ARGV[1]" in script.source)
    assert "Returns" in script.source


@each_script
def test_a_script_touches_no_key_that_it_is_not_handed(script: Script) -> None:
    """A Redis Cluster runs a script only where all its keys live, and knows them by being told."""
    assert not re.findall(r"redis\.call\('[A-Z]+', *['\"]", script.source)


async def test_it_travels_in_full_once_and_by_its_hash_from_then_on(redis: Redis) -> None:
    await redis.config_resetstat()
    for _ in range(3):
        await PARK.run(redis, ["{a}1", "{a}2"], ["t1", "parked", "1", "", ""])
    commands = await redis.info("commandstats")

    assert commands["cmdstat_eval"]["calls"] == 1
    assert commands["cmdstat_evalsha"]["calls"] == 3
