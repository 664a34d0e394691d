"""A whole site on a real port, in this process, against both simulated platforms."""

import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from onsite.core.settings import OnsiteSettings
from shared.signing import sign
from shared.wire import EVENTS_PATH
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator

SITE = "acme"
SECRET = SecretStr("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
PAGE_ID, PSID, PAGE_TOKEN = "1122", "9001", "EAAtoken"
BOT_TOKEN, USER_ID = "123456789:AAH4f-_abcdefghijklmnopqrstuvwxyz01", 5001

_numbers = itertools.count()


@dataclass(frozen=True)
class RunningSite:
    """The site's HTTP side as its callers see it, and the platforms that it talks to."""

    settings: OnsiteSettings
    url: str
    http: aiohttp.ClientSession
    graph: GraphSimulator
    telegram: TelegramSimulator

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Call `/api/v1` with the token; return status and decoded answer."""
        options: dict[str, Any] = {} if body is None else {"json": body}
        token = self.settings.api_token_file.read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.request(
            method, f"{self.url}/api/v1{path}", headers=headers, params=query, **options
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def get(self, path: str, **query: Any) -> Any:
        """Call GET, which must succeed."""
        status, answer = await self.call("GET", path, **query)
        assert status == 200, answer
        return answer

    async def push(self, body: bytes, *, secret: SecretStr = SECRET, headers: dict[str, str] | None = None) -> Any:
        """Push a body as the relay does; return status and decoded answer."""
        signed = sign(body, message_id="msg_1", timestamp_s=int(time.time()), secrets=[secret])
        async with self.http.post(self.url + EVENTS_PATH, data=body, headers=signed | (headers or {})) as answer:
            return answer.status, json.loads(await answer.text())

    async def push_events(self, *events: dict[str, Any], site: str = SITE) -> Any:
        """Push a batch of events."""
        return await self.push(batch(events, site=site))

    async def customer_says(self, text: str, *, mid: str, psid: str = PSID) -> None:
        """Push one message of a customer's, which must be accepted."""
        status, _ = await self.push_events(messenger_event(text, mid=mid, psid=psid))
        assert status == 200

    async def forward(self, request: web.Request) -> web.Response:
        """Stand in for the relay: take a webhook of Meta's and push its items on."""
        entries = json.loads(await request.read())["entry"]
        events = [
            wire_event(item, number=next(_numbers), page_id=entry["id"])
            for entry in entries
            for item in entry["messaging"]
        ]
        status, _ = await self.push_events(*events)
        return web.Response(status=status)

    async def settled(self, message_id: int) -> Any:
        """Wait until it is known what became of a reply."""
        return await self.get(f"/messages/{message_id}", wait_s=10)


def batch(events: Sequence[Any], *, site: str = SITE, **more: Any) -> bytes:
    """Write a batch as the relay does."""
    return json.dumps({"type": "events", "version": 1, "site": site, "events": list(events)} | more).encode()


def wire_event(payload: Any, *, number: int = 0, page_id: str = PAGE_ID, kind: str = "messaging") -> dict[str, Any]:
    """Write one event as the relay does."""
    return {
        "id": f"1763806800123-{number}",
        "page_id": page_id,
        "received_at": "2026-11-22T10:20:00.123Z",
        "kind": kind,
        "payload": payload,
    }


def messenger_event(text: str, *, mid: str, psid: str = PSID, at_ms: int = 1_763_806_800_000) -> dict[str, Any]:
    """Write a message of a Messenger customer's."""
    item = {
        "sender": {"id": psid},
        "recipient": {"id": PAGE_ID},
        "timestamp": at_ms,
        "message": {"mid": mid, "text": text},
    }
    return wire_event(item)
