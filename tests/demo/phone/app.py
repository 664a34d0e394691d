"""The page and what it asks for, as an aiohttp application that can stand alone or below another one.

GET  /                          the page
GET  /api/phones                all phones with everything on their screens
POST /api/phones/{id}/messages  {"text": "…"}: the customer writes
POST /api/phones/{id}/looks     the customer reads
GET  /api/events                what changes on any screen, as server-sent events
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from shared.web import RequestRefused, answer_errors, read_json
from tests.demo.phone.phones import Change, MessengerPhone, Phone, TelegramPhone
from tests.simulators.feed import Feed
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator

STATIC = Path(__file__).parent / "static"
MAX_TEXT = 2000
HEARTBEAT_S = 15.0
"""How often a stream shows that it is alive, so that one whose reader is gone ends."""

HEARTBEAT = b": still here\n\n"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Personas:
    """Who holds the phones; all of them exist in the simulators, which also tell their names."""

    page_id: str
    psid: str
    """The Messenger customer of that page."""
    bot_token: str = field(repr=False)
    user_id: int
    """The Telegram customer of that bot."""


def phone_app(graph_sim: GraphSimulator, telegram_sim: TelegramSimulator, personas: Personas) -> web.Application:
    """Build the application: a phone with Messenger and one with Telegram. The simulators must outlive it.

    Raises LookupError when a simulator does not know its persona.
    """
    messenger = MessengerPhone(graph_sim, page_id=personas.page_id, psid=personas.psid)
    telegram = TelegramPhone(telegram_sim, token=personas.bot_token, user_id=personas.user_id)
    phones = _Phones([messenger, telegram])
    phones.follow(graph_sim.feed, messenger.change)
    phones.follow(telegram_sim.feed, telegram.change)
    return phones.application()


class _Phones:
    def __init__(self, phones: Sequence[Phone]) -> None:
        self._phones = {phone.id: phone for phone in phones}
        self._pumps: list[Callable[[], Coroutine[Any, Any, None]]] = [self._beat]
        self._stream: Feed[bytes] = Feed()

    def follow(self, feed: Feed[Item], screen: Callable[[Item], Change | None]) -> None:
        """Let what a platform shows appear on a phone."""
        self._pumps.append(partial(self._pump, feed, screen))

    def application(self) -> web.Application:
        app = web.Application(middlewares=[answer_errors])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/api/phones", self._list),
                web.post("/api/phones/{id}/messages", self._say),
                web.post("/api/phones/{id}/looks", self._look),
                web.get("/api/events", self._events),
                web.static("/static", STATIC),
            ]
        )
        app.cleanup_ctx.append(self._pumping)
        app.on_shutdown.append(self._end_streams)
        app.on_response_prepare.append(_add_security_headers)
        return app

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response({"phones": [_described(phone) for phone in self._phones.values()]})

    async def _say(self, request: web.Request) -> web.Response:
        text = (await read_json(request)).get("text")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_TEXT:
            raise RequestRefused(400, "bad_text", f"a message has 1 to {MAX_TEXT} characters")
        return web.json_response({"note": await self._phone(request).say(text.strip())})

    async def _look(self, request: web.Request) -> web.Response:
        await self._phone(request).look()
        return web.Response(status=204)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with self._stream.listen() as parts:
            await response.prepare(request)
            try:
                async for part in parts:
                    await response.write(part)
            except ConnectionError:
                pass  # the reader is gone: that is how a stream of events ends
        return response

    def _phone(self, request: web.Request) -> Phone:
        phone = self._phones.get(request.match_info["id"])
        if phone is None:
            raise RequestRefused(404, "unknown_phone", "there is no such phone")
        return phone

    async def _pumping(self, _app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(pump()) for pump in self._pumps]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, feed: Feed[Item], screen: Callable[[Item], Change | None]) -> None:
        with feed.listen() as items:
            async for item in items:
                change = screen(item)
                if change is not None:
                    self._stream.publish(f"data: {json.dumps(change.as_json())}\n\n".encode())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self._stream.publish(HEARTBEAT)

    async def _end_streams(self, _app: web.Application) -> None:
        self._stream.close()


def _described(phone: Phone) -> dict[str, Any]:
    return {
        "id": phone.id,
        "platform": phone.platform,
        "person": phone.person,
        "business": phone.business,
        "bubbles": [bubble.as_json() for bubble in phone.bubbles()],
    }


async def _add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
