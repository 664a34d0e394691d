"""Sites as records in a hash. That their secrets are not to be read there is shown against a real Redis."""

import json
from dataclasses import replace
from typing import Any

import fakeredis
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.errors import SiteExists, SiteNotFound
from relay.core.permission import PUBLIC_HTTPS, Permission, networks_of
from relay.core.site import Site
from shared.errors import UserError, VaultError
from shared.vault import Vault, new_master_key

OLD, NEW = new_master_key(), new_master_key()
ACME = Site("acme", "https://chat.acme.example", (SecretStr("whsec_new"), SecretStr("whsec_old")), 1_800_000_000_000)
ALLOWED = Permission(networks_of(["10.0.0.0/8", "fd00::/8"]), insecure=True)
BETA = Site("beta", "https://beta.example:8443", (SecretStr("whsec_b"),), 7, ALLOWED)


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
def redis(server: fakeredis.FakeServer) -> fakeredis.FakeAsyncRedis:
    return fakeredis.FakeAsyncRedis(server=server)


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


async def record_of(redis: fakeredis.FakeAsyncRedis, site: str) -> dict[str, Any]:
    """Return what stands in Redis."""
    record: dict[str, Any] = json.loads(await redis.hget(keys.SITES, site) or b"")
    return record


async def test_a_record_of_a_newer_relay_is_read_and_keeps_what_is_new_in_it(
    redis: fakeredis.FakeAsyncRedis,
) -> None:
    sites = RedisSites(redis, Vault([OLD]))
    await sites.add(ACME)
    await redis.hset(keys.SITES, "acme", json.dumps({**await record_of(redis, "acme"), "region": "eu"}))
    assert await sites.get("acme") == ACME

    await sites.change_address("acme", lambda site: replace(site, url="https://new.example"))
    assert (await record_of(redis, "acme"))["region"] == "eu"


@pytest.mark.parametrize(
    ("url", "permission"),
    [
        pytest.param("https://chat.acme.example", PUBLIC_HTTPS, id="https: nothing was allowed"),
        pytest.param("http://127.0.0.1:8090", Permission(insecure=True), id="http: that was asked for then"),
    ],
)
async def test_a_record_of_an_older_relay_is_read_as_it_was_meant(
    redis: fakeredis.FakeAsyncRedis, url: str, permission: Permission
) -> None:
    old = {"url": url, "sealed_secrets": [Vault([OLD]).seal(SecretStr("whsec_x"))], "created_at_ms": 7}
    await redis.hset(keys.SITES, "acme", json.dumps(old))

    assert await RedisSites(redis, Vault([OLD])).all() == [Site("acme", url, (SecretStr("whsec_x"),), 7, permission)]


class TestChangingAnAddress:
    async def test_address_and_permission_change_and_nothing_else(self, redis: fakeredis.FakeAsyncRedis) -> None:
        sites = RedisSites(redis, Vault([OLD]))
        await sites.add(ACME)
        before = await record_of(redis, "acme")
        changed = replace(ACME, url="http://10.1.2.3", permission=ALLOWED)

        assert await sites.change_address("acme", lambda _site: changed) == changed
        assert await sites.get("acme") == changed
        assert (await record_of(redis, "acme"))["sealed_secrets"] == before["sealed_secrets"]

    async def test_two_changes_at_once_are_both_made(
        self, redis: fakeredis.FakeAsyncRedis, server: fakeredis.FakeServer
    ) -> None:
        """The first change is read, and another is written before it is: it is made anew, on top of the other."""
        sites = RedisSites(redis, Vault([OLD]))
        await sites.add(ACME)
        asked: list[Site] = []

        def add_network(site: Site) -> Site:
            asked.append(site)
            if len(asked) == 1:
                overtake()
            return replace(site, permission=replace(site.permission, networks=networks_of(["10.0.0.0/8"])))

        def overtake() -> None:
            record = json.loads(sync.hget(keys.SITES, "acme") or b"")
            sync.hset(keys.SITES, "acme", json.dumps(record | {"url": "https://other.example"}))

        sync = fakeredis.FakeRedis(server=server)
        changed = await sites.change_address("acme", add_network)

        assert [site.url for site in asked] == [ACME.url, "https://other.example"]
        assert (changed.url, changed.permission.network_texts) == ("https://other.example", ["10.0.0.0/8"])
        assert await sites.get("acme") == changed

    async def test_a_site_that_is_not_there_is_not_made(self, redis: fakeredis.FakeAsyncRedis) -> None:
        with pytest.raises(SiteNotFound):
            await RedisSites(redis, Vault([OLD])).change_address("acme", lambda site: site)
        assert await redis.keys("*") == []

    async def test_what_the_change_refuses_changes_nothing(self, redis: fakeredis.FakeAsyncRedis) -> None:
        def refuse(_site: Site) -> Site:
            raise UserError("no")

        sites = RedisSites(redis, Vault([OLD]))
        await sites.add(ACME)
        with pytest.raises(UserError, match="no"):
            await sites.change_address("acme", refuse)

        assert await sites.get("acme") == ACME
