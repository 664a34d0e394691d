"""A site whose address leads inside, through a whole relay: nothing goes there until its operator allows it.

The relay here is the web process; its worker, another process in life, is a lane of its own beside it.
"""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from relay.bootstrap.parts import open_lane, open_store
from relay.core import keys
from tests.support import facebook
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay, relay_settings, running_relay
from tests.support.waiting import process_does


@pytest.fixture
async def site() -> ReceivingSite:
    return ReceivingSite("")


async def register(relay: RunningRelay, name: str, url: str, page: str, *networks: str) -> str:
    """Register a site and bind a page; returns its secret."""
    allowed = {"allow_insecure": True, "allow_networks": networks}
    added = await relay.admin("POST", "/sites", {"name": name, "url": url} | allowed)
    await relay.admin("PUT", f"/bindings/{page}", {"site": name})
    return str(added["secret"])


async def parked(relay: RunningRelay, name: str) -> str:
    """Wait until a site is parked; returns what is told of the reason. Raises TimeoutError."""

    async def look() -> bool:
        return bool((await relay.admin("GET", f"/sites/{name}"))["delivery"]["state"] == "parked")

    await process_does(look)
    return str((await relay.admin("GET", f"/sites/{name}"))["delivery"]["last_error"])


async def test_a_site_inside_gets_its_events_in_order_once_it_is_allowed_and_none_before(
    redis_url: str, redis: Redis, tmp_path: Path, site: ReceivingSite
) -> None:
    async with running_relay(redis_url, tmp_path) as relay, site:
        name = site.url.replace("127.0.0.1", "localhost")
        site.secret = await register(relay, "acme", name, "1")
        for text in ("first", "second"):
            assert await relay.webhook(facebook.messages("1", text)) == 200
        reason = await parked(relay, "acme")
        assert "localhost leads to" in reason
        assert "`relay site change acme --allow-network" in reason
        assert not site.asked.is_set()

        await relay.admin("PATCH", "/sites/acme", {"allow_networks": ["127.0.0.0/8"]})
        await relay.admin("POST", "/sites/acme/resume")
        async with open_store(relay_settings(tmp_path), redis_url) as store, open_lane(store) as lane:
            await lane.claim("acme")
            await site.has(2)

        assert site.texts == ["first", "second"]
        assert await redis.xlen(keys.outbox("acme")) == 0


async def test_a_site_reaches_nothing_over_the_connection_of_another_that_is_allowed(
    redis_url: str, tmp_path: Path, site: ReceivingSite
) -> None:
    async with running_relay(redis_url, tmp_path) as relay, site:
        name = site.url.replace("127.0.0.1", "localhost")
        site.secret = await register(relay, "acme", name, "1", "127.0.0.0/8")
        await register(relay, "evil", name, "2")
        assert await relay.webhook(facebook.messages("1", "for acme")) == 200
        await site.has(1)
        assert await relay.webhook(facebook.messages("2", "for evil")) == 200

        assert "leads to" in await parked(relay, "evil")
        assert site.texts == ["for acme"]
        assert site.refused == []
