"""Sites in Redis, where nobody may read their secrets. What needs no real Redis is in the unit tests."""

from dataclasses import replace
from functools import partial

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_sites import RedisSites
from relay.core.errors import StoreUnavailable, WrongMasterKey
from relay.core.site import Site
from shared.site_secret import key_of, new_site_secret
from shared.vault import Vault, new_master_key


async def dump(redis: Redis) -> bytes:
    """Return everything that Redis holds."""
    parts = [await redis.dump(key) or b"" for key in await redis.keys("*")]
    for key in await redis.keys("*"):
        if await redis.type(key) == b"hash":
            found = await redis.hgetall(key)
            parts += [
                part if isinstance(part, bytes) else str(part).encode() for pair in found.items() for part in pair
            ]
    return b"".join(parts)


async def test_no_secret_stands_in_redis_in_any_form(redis: Redis) -> None:
    secrets = (new_site_secret(), new_site_secret())
    sites = RedisSites(redis, Vault([new_master_key()]))
    await sites.add(Site("acme", "https://chat.example.com", secrets, 1))
    held = await dump(redis)

    assert b"https://chat.example.com" in held
    for secret in secrets:
        text = secret.get_secret_value()
        assert not any(form in held for form in (text.encode(), text[6:].encode(), key_of(secret)))
    assert (await sites.get("acme")).secrets == secrets


async def test_a_relay_with_another_master_key_is_told_before_it_begins(redis: Redis) -> None:
    key, other = new_master_key(), new_master_key()
    await RedisSites(redis, Vault([other])).check_key()  # nothing is sealed yet
    await RedisSites(redis, Vault([key])).add(Site("acme", "https://chat.example.com", (new_site_secret(),), 1))

    await RedisSites(redis, Vault([key])).check_key()
    await RedisSites(redis, Vault([other, key])).check_key()  # while it rotates
    with pytest.raises(WrongMasterKey, match=r"sealed with another master key\. Set RELAY_MASTER_KEY"):
        await RedisSites(redis, Vault([other])).check_key()


async def test_a_full_redis_registers_nobody(redis: Redis) -> None:
    sites = RedisSites(redis, Vault([new_master_key()]))
    await redis.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable):
        await sites.add(Site("acme", "https://chat.example.com", (SecretStr("whsec_x"),), 1))
    await redis.config_set("maxmemory", 0)

    assert await sites.all() == []


async def test_an_address_is_changed_also_by_a_redis_that_lost_its_scripts(redis: Redis) -> None:
    sites = RedisSites(redis, Vault([new_master_key()]))
    await sites.add(Site("acme", "https://chat.example.com", (SecretStr("whsec_x"),), 1))
    for url in ("https://b.example", "https://c.example"):
        await redis.script_flush()
        await sites.change_address("acme", partial(replace, url=url))

        assert (await sites.get("acme")).url == url
