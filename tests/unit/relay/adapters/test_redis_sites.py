"""Sites as records in a hash. That their secrets are not to be read there is shown against a real Redis."""

import json

import fakeredis
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.errors import SiteExists, SiteNotFound
from relay.core.site import Site
from shared.errors import VaultError
from shared.vault import Vault, new_master_key

OLD, NEW = new_master_key(), new_master_key()
ACME = Site("acme", "https://chat.acme.example", (SecretStr("whsec_new"), SecretStr("whsec_old")), 1_800_000_000_000)
BETA = Site("beta", "https://beta.example:8443", (SecretStr("whsec_b"),), 7)


@pytest.fixture
def redis() -> fakeredis.FakeAsyncRedis:
    return fakeredis.FakeAsyncRedis()


async def test_a_site_comes_back_as_it_was_added(redis: fakeredis.FakeAsyncRedis) -> None:
    sites = RedisSites(redis, Vault([OLD]))
    await sites.add(ACME)

    assert await sites.get("acme") == ACME
    assert await sites.exists("acme")
    assert not await sites.exists("beta")


async def test_all_come_back_by_name(redis: fakeredis.FakeAsyncRedis) -> None:
    sites = RedisSites(redis, Vault([OLD]))
    assert await sites.all() == []
    await sites.add(BETA)
    await sites.add(ACME)

    assert await sites.all() == [ACME, BETA]


async def test_a_name_is_given_once(redis: fakeredis.FakeAsyncRedis) -> None:
    sites = RedisSites(redis, Vault([OLD]))
    await sites.add(ACME)
    with pytest.raises(SiteExists, match="relay site show acme"):
        await sites.add(Site("acme", "https://other.example", (SecretStr("whsec_x"),), 1))

    assert await sites.get("acme") == ACME


async def test_a_site_that_is_not_there_is_said_so(redis: fakeredis.FakeAsyncRedis) -> None:
    with pytest.raises(SiteNotFound, match="relay site list"):
        await RedisSites(redis, Vault([OLD])).get("acme")


async def test_sites_of_an_earlier_master_key_are_read_while_it_is_kept(redis: fakeredis.FakeAsyncRedis) -> None:
    await RedisSites(redis, Vault([OLD])).add(ACME)

    assert await RedisSites(redis, Vault([NEW, OLD])).get("acme") == ACME
    with pytest.raises(VaultError, match="Restore the earlier key"):
        await RedisSites(redis, Vault([NEW])).get("acme")


async def test_those_that_are_there_are_found_in_one_round_trip_and_one_that_no_key_opens_is_left_out(
    redis: fakeredis.FakeAsyncRedis,
) -> None:
    await RedisSites(redis, Vault([OLD])).add(ACME)
    sites = RedisSites(redis, Vault([NEW]))
    await sites.add(BETA)
    with capture_logs() as logs:
        found = await sites.find(["acme", "nobody", "beta"])

    assert found == {"beta": BETA}
    assert [(line["event"], line["site"]) for line in logs] == [("site_unreadable", "acme")]


async def test_a_record_of_a_newer_relay_is_read(redis: fakeredis.FakeAsyncRedis) -> None:
    sites = RedisSites(redis, Vault([OLD]))
    await sites.add(ACME)
    record = json.loads(await redis.hget(keys.SITES, "acme") or b"")
    await redis.hset(keys.SITES, "acme", json.dumps({**record, "region": "eu"}))

    assert await sites.get("acme") == ACME
