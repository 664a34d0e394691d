"""How a site stops: nobody is kept waiting, what is on its way is finished, and the next start knows what was not."""

import asyncio
import time

import aiohttp
import pytest
from pydantic import SecretStr

from onsite import bootstrap
from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from shared.vault import new_master_key
from tests.integration.onsite.fakes import DEADLINE_S
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, PSID, RunningSite, messenger_event
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator


async def with_a_reply_on_its_way(site: RunningSite) -> int:
    """Write a reply whose answer does not come; return its id."""
    await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN})
    await site.push_events(messenger_event("hello", mid="m1"))
    _, queued = await site.call("POST", "/conversations/1/replies", {"text": "hi"})
    await site.graph.ledger.wait_for(lambda call: call.name == "messages", running=True)
    return int(queued["id"])


@pytest.fixture(autouse=True)
def known_person(graph: GraphSimulator) -> None:
    """Let Graph accept a reply to somebody who wrote, and send no echo to anybody."""
    graph.echoes = False
    graph.world.note_event(PAGE_ID, messenger_event("hello", mid="m1")["payload"], time.time())
    assert graph.world.person(PAGE_ID, PSID) is not None


async def test_whoever_waits_for_a_reply_is_answered_and_the_reply_is_finished(
    settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator
) -> None:
    release = graph.faults.hold("messages", after_effect=True)
    asked = asyncio.Event()
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(lambda *_: _set(asked))
    async with aiohttp.ClientSession(trace_configs=[trace]) as http:
        async with serving(settings) as port:
            site = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
            message_id = await with_a_reply_on_its_way(site)
            asked.clear()
            waiting = asyncio.create_task(site.get(f"/messages/{message_id}", wait_s=25))
            await asyncio.wait_for(asked.wait(), DEADLINE_S)
            await site.get("/status")  # answered after the question before it has arrived
            waiting.add_done_callback(lambda _: release.set())
        seen = await asyncio.wait_for(waiting, DEADLINE_S)
        async with serving(settings) as port:
            again = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
            assert (await again.get(f"/messages/{message_id}"))["state"] == "sent"
    assert seen["state"] == "sending"


async def _set(event: asyncio.Event) -> None:
    event.set()


async def test_a_reply_that_takes_too_long_is_unknown_at_the_next_start(
    settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "DRAIN_S", 0.0)
    graph.faults.hold("messages")
    async with aiohttp.ClientSession() as http:
        async with serving(settings) as port:
            site = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
            message_id = await with_a_reply_on_its_way(site)
        async with serving(settings) as port:
            again = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
            message = await again.get(f"/messages/{message_id}")

    assert (message["state"], message["failure"]["code"]) == ("unknown", "interrupted")
    assert len(graph.ledger.calls("messages")) == 1


async def test_channels_are_polled_again_after_a_restart(
    settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator
) -> None:
    async with aiohttp.ClientSession() as http:
        async with serving(settings) as port:
            site = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
            await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN})
            await telegram.wait_for_poll(BOT_TOKEN)
        async with serving(settings):
            await telegram.wait_for_poll(BOT_TOKEN)


async def test_one_master_key_may_follow_another(
    settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator
) -> None:
    async with aiohttp.ClientSession() as http:
        async with serving(settings) as port:
            site = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
            await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN})
        old = settings.master_key_file.read_text().strip()
        keys = SecretStr(f"{new_master_key().get_secret_value()}, {old}")
        async with serving(settings.model_copy(update={"master_key": keys})):
            await telegram.wait_for_poll(BOT_TOKEN)
