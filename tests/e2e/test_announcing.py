"""A site that was down announces itself when it starts, and what waited is there at once, not at the next attempt."""

import time
from typing import Any

import pytest
from redis.asyncio import Redis

from relay.adapters.embedded_redis import EmbeddedRedis
from relay.core import keys
from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.world.inbox import Inbox
from tests.world.process import Server
from tests.world.watching import eventually

PAGE, ADA = "1122", "9001"
TEXTS = [f"message {number}" for number in range(25)]
TEN_MINUTES_S = 600

pytestmark = pytest.mark.timeout(180)


async def test_what_waited_for_a_site_deep_in_its_backoff_arrives_in_order_as_soon_as_the_site_starts(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite
) -> None:
    graph.add_page(PAGE, name="Acme", token="EAA" + "t" * 60)
    graph.add_person(page_id=PAGE, psid=ADA, name="Ada Lovelace")
    site = await new_site_at("acme")
    await relay.command("bind", PAGE, "acme")
    for text in TEXTS:
        await graph.customer_says(PAGE, ADA, text)
    await eventually(lambda: delivery(relay), lambda found: found["state"] == "parked" and found["waiting"] == 25)
    await put_off(relay, "acme", TEN_MINUTES_S)

    await site.start()
    arrived = await eventually(lambda: Inbox(site).texts(ADA), lambda texts: len(texts) == 25)

    assert arrived == TEXTS
    after = await eventually(lambda: delivery(relay), lambda found: found["waiting"] == 0)
    assert (after["state"], after["failures"], after["delivered"]) == ("up", 0, 25)
    link = await eventually(lambda: relay_as_seen_by(site), lambda link: link["state"] == "up")
    assert link["announced_at"] is not None


async def test_a_site_whose_secret_is_another_is_told_by_its_own_status(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite
) -> None:
    acme, beta = await new_site_at("acme"), await new_site_at("beta")
    acme.env["ONSITE_RELAY_SECRET"] = beta.env["ONSITE_RELAY_SECRET"]
    await acme.start()
    link = await eventually(lambda: relay_as_seen_by(acme), lambda link: link["state"] == "refused")

    assert "ONSITE_RELAY_SECRET" in link["sentence"]


async def delivery(relay: Server) -> dict[str, Any]:
    """Return how the relay's operator sees the delivery to its first site."""
    found: dict[str, Any] = (await relay.command("status"))["sites"][0]["delivery"]
    return found


async def relay_as_seen_by(site: Server) -> dict[str, Any]:
    """Return how the site's admin sees the relay."""
    found: dict[str, Any] = (await site.command("status"))["relay"]
    return found


async def put_off(relay: Server, site: str, seconds: float) -> None:
    """Put the site's next attempt off, as after many failures: nobody waits that long for a test."""
    redis = Redis.from_url(EmbeddedRedis(relay.folder / "data" / "redis").url)
    ahead = {"failures": 9, "next_attempt_ms": round((time.time() + seconds) * 1000)}
    await redis.hset(keys.delivery(site), mapping=dict[Any, Any](ahead))
    await redis.aclose()
