"""The master key is exchanged in a real Redis: the new one alone opens everything afterwards."""

from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_sealed import RedisSealed
from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.errors import WrongMasterKey
from relay.core.page import ConnectedPage
from relay.core.site import Site
from relay.engine.resealing import Place, Resealed, Resealing
from shared.vault import Vault, new_master_key

OLD, NEW, LOST = new_master_key(), new_master_key(), new_master_key()
SITE = Site("acme", "https://chat.example", (SecretStr("newer"), SecretStr("older")), 1, rotating_since_ms=2)
PAGE = ConnectedPage("22", "acme", "Acme", SecretStr("EAAmarker"), 3)


@pytest.fixture
async def sealed(redis: Redis) -> RedisSealed:
    """Keep a site and a page under the old key; afterwards both keys are set."""
    await RedisSites(redis, Vault([OLD])).add(Site(SITE.name, SITE.url, SITE.secrets, 1))
    await RedisSites(redis, Vault([OLD])).change_secrets("acme", lambda _: SITE)
    await RedisPages(redis, Vault([OLD])).save(PAGE)
    return RedisSealed(redis, Vault([NEW, OLD]))


async def test_afterwards_the_new_key_alone_opens_everything(redis: Redis, sealed: RedisSealed) -> None:
    assert await Resealing(sealed).run() == Resealed(2, 0, [])

    await RedisSites(redis, Vault([NEW])).check_key()
    assert await RedisSites(redis, Vault([NEW])).get("acme") == SITE
    assert await RedisPages(redis, Vault([NEW])).find("22") == PAGE
    with pytest.raises(WrongMasterKey):
        await RedisSites(redis, Vault([OLD])).check_key()


async def test_done_twice_it_writes_nothing_the_second_time(redis: Redis, sealed: RedisSealed) -> None:
    await Resealing(sealed).run()
    before = await redis.hgetall(keys.SITES), await redis.hgetall(keys.PAGES)

    assert await Resealing(sealed).run() == Resealed(0, 2, [])
    assert (await redis.hgetall(keys.SITES), await redis.hgetall(keys.PAGES)) == before


async def test_what_no_key_opens_is_named_and_left_as_it_is(redis: Redis, sealed: RedisSealed) -> None:
    await RedisPages(redis, Vault([LOST])).save(ConnectedPage("7", "acme", "", SecretStr("EAA"), 1))
    before = await redis.hget(keys.PAGES, "7")

    assert await Resealing(sealed).run() == Resealed(2, 0, ["page 7"])
    assert await redis.hget(keys.PAGES, "7") == before


async def test_who_changes_a_record_meanwhile_is_not_undone(
    redis: Redis, sealed: RedisSealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = Vault.reseal, []

    def reseal(vault: Vault, text: str) -> str:
        asked.append(text)
        return real(vault, text)

    monkeypatch.setattr(Vault, "reseal", reseal)
    hget, changes = redis.hget, [Site("acme", "https://elsewhere.example", SITE.secrets, 1)]

    async def changed_behind(name: str, key: str) -> Any:
        found = await hget(name, key)
        if changes:
            moved = changes.pop()
            monkeypatch.setattr(redis, "hget", hget)
            await RedisSites(redis, Vault([OLD])).change_address("acme", lambda _: moved)
        return found

    monkeypatch.setattr(redis, "hget", changed_behind)
    await sealed.reseal(Place.SITE, "acme")

    assert (await RedisSites(redis, Vault([NEW])).get("acme")).url == "https://elsewhere.example"
    assert len(asked) == 2 * len(SITE.secrets), "read anew and tried again"
