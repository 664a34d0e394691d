"""Tells the app what the page's own side said, one echo after the other, in the order of the sends."""

import asyncio

from tests.simulators.graph import events, meta_json
from tests.simulators.graph.app import App
from tests.simulators.graph.hearing import deaf_level
from tests.simulators.graph.http_sender import DeliveryResult
from tests.simulators.graph.webhooks import WebhookSender
from tests.simulators.graph.world import Said, World

FIELD = "message_echoes"


class Echoes:
    """Of one app."""

    def __init__(self, app: App, world: World, webhooks: WebhookSender) -> None:
        self.on = True
        self._app = app
        self._world = world
        self._webhooks = webhooks
        self._turn = asyncio.Lock()

    def is_due(self, said: Said) -> bool:
        """Whether a message is echoed by itself: the app sent it, and echoes are heard."""
        return self.on and said.via_app == self._app.id and not self.deaf_level(said)

    def deaf_level(self, said: Said) -> str:
        """Name the level at which echoes are not subscribed; empty where they are at both."""
        return deaf_level(self._app, self._world.pages[said.page_id], FIELD)

    async def post(self, said: Said) -> DeliveryResult:
        """Deliver the echo of a message."""
        at_ms = int(said.at * 1000)
        body = events.page_body(said.page_id, [events.echo(said, at_ms=at_ms)], at_ms=at_ms)
        async with self._turn:
            return await self._webhooks.post(meta_json.encode(body))
