"""Liveness, readiness, metrics, and a page for people who open the address in a browser. No token needed.

The rule: nothing here names a person.
"""

import math

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from onsite.engine.errors import StoreUnavailable
from onsite.engine.metrics import Metrics
from onsite.engine.relay_link import RelayLink
from onsite.engine.views import Reader

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Social Relay: on-site client</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }</style>
<h1>Social Relay: on-site client</h1>
<p>This server keeps the conversations of a contact centre with its customers in Facebook Messenger and Telegram.</p>
<p>There is no inbox for the browser in this release. Conversations are read and answered with the <code>onsite</code>
command (<code>onsite conversations</code>, <code>onsite messages</code>, <code>onsite reply</code>), and by programs
through <code>/api/v1</code>.</p>
</html>
"""


class HealthRoutes:
    """`/`, `/healthz`, `/readyz`, `/metrics`."""

    def __init__(self, reader: Reader, metrics: Metrics, link: RelayLink) -> None:
        self._reader = reader
        self._metrics = metrics
        self._link = link

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/", self.page)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)

    async def page(self, _request: web.Request) -> web.Response:
        """Say what this is."""
        return web.Response(text=_PAGE, content_type="text/html")

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that the process lives."""
        return web.json_response({"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Say whether a push would be accepted now; how the relay is, is told beside it, and changes nothing here."""
        try:
            await self._reader.check()
        except StoreUnavailable as error:
            return web.json_response({"status": "not ready", "database": str(error)}, status=503)
        return web.json_response({"status": "ready", "database": "ok", "relay": self._link.reading.state})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Tell Prometheus. Raises StoreUnavailable."""
        counts = await self._reader.counts()
        for state, count in counts.replies.items():
            self._metrics.replies.labels(state).set(count)
        self._metrics.channels.clear()
        for (platform, health), count in counts.channels.items():
            self._metrics.channels.labels(platform, health).set(count)
        self._metrics.quarantined.set(counts.quarantined)
        for media_state, count in counts.media.items():
            self._metrics.media.labels(media_state).set(count)
        self._metrics.relay.clear()
        self._metrics.relay.labels(self._link.reading.state).set(1)
        waiting = self._link.reading.waiting
        self._metrics.relay_waiting.set(math.nan if waiting is None else waiting)
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})
