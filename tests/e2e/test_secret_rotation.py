"""A site's secret is exchanged under traffic: nothing is lost or parked, and the old secret ends at both ends."""

import asyncio
import json
import time

import aiohttp
import pytest
from pydantic import SecretStr

from shared.signing import sign
from shared.site_secret import api_token
from shared.wire import EVENTS_PATH
from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.world.inbox import Inbox
from tests.world.process import CommandFailed, Server
from tests.world.watching import eventually

PAGE, ADA = "1122", "9001"

pytestmark = pytest.mark.timeout(240)


async def delivery(relay: Server) -> dict[str, object]:
    shown: dict[str, object] = (await relay.command("site", "show", "acme"))["delivery"]
    return shown


async def asks(relay: Server, secret: str) -> int:
    """Call the relay as the site, and return the answer's status."""
    headers = {"Authorization": f"Bearer {api_token(SecretStr(secret)).get_secret_value()}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{relay.base_url}/v1/sites/acme", headers=headers) as answer,
    ):
        return answer.status


async def pushes(site: Server, secret: str) -> int:
    """Push an empty batch to the site, and return the answer's status."""
    body = json.dumps({"type": "events", "version": 1, "site": "acme", "events": []}).encode()
    headers = sign(body, message_id="m1", timestamp_s=round(time.time()), secrets=[SecretStr(secret)])
    async with (
        aiohttp.ClientSession() as session,
        session.post(site.base_url + EVENTS_PATH, data=body, headers=headers) as answer,
    ):
        return answer.status


async def test_a_secret_is_exchanged_under_traffic(graph: GraphSimulator, relay: Server, new_site_at: NewSite) -> None:
    graph.add_page(PAGE, name="Acme")
    graph.add_person(page_id=PAGE, psid=ADA, name="Ada Lovelace")
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", PAGE, "acme")
    inbox = Inbox(site)
    said: list[str] = []

    async def say_some() -> None:
        for _ in range(5):
            said.append(f"message {len(said)}")
            await graph.customer_says(PAGE, ADA, said[-1])

    old = site.env["ONSITE_RELAY_SECRET"]
    await say_some()
    talking = asyncio.create_task(say_some())
    new = (await relay.command("site", "rotate-secret", "acme"))["secret"]
    await talking
    await eventually(lambda: inbox.texts(ADA), lambda texts: texts == said)
    with pytest.raises(CommandFailed, match="--force"):
        await relay.command("site", "rotate-secret", "acme", "--finish")
    with pytest.raises(CommandFailed, match="rotates already"):
        await relay.command("site", "rotate-secret", "acme")
    assert [await asks(relay, secret) for secret in (old, new)] == [200, 200]

    await site.stop()
    site.env["ONSITE_RELAY_SECRET"] = new
    talking = asyncio.create_task(say_some())
    await site.start()
    await talking
    await say_some()
    await eventually(lambda: inbox.texts(ADA), lambda texts: texts == said)
    rotation = (await relay.command("site", "show", "acme"))["rotation"]
    assert rotation["site_uses"] == "new"

    await relay.command("site", "rotate-secret", "acme", "--finish")
    await say_some()
    await eventually(lambda: inbox.texts(ADA), lambda texts: texts == said)
    shown = await delivery(relay)
    assert (shown["state"], shown["waiting"], shown["dead_letters"]) == ("up", 0, 0)
    await eventually(lambda: asks(relay, old), lambda status: status == 401)
    assert await asks(relay, new) == 200
    assert [await pushes(site, secret) for secret in (old, new)] == [403, 200]
