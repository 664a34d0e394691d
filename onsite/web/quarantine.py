"""`/api/v1/quarantine`: events that could not be read, and trying them again.

GET  /api/v1/quarantine              the newest first, without what they hold
GET  /api/v1/quarantine/{id}         one, as it came
POST /api/v1/quarantine/{id}/retry   one again
POST /api/v1/quarantine/retry        the next ones again, {"behind": 0} and from there on: says where to go on
"""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.quarantine import Quarantine, Quarantined, QuarantineStore, Tried
from onsite.web.query import before_id_of, count_field, id_of, limit_of
from shared.clock import iso_ms
from shared.web import read_json, require_bearer


class QuarantineRoutes:
    """Guarded by the site's API token."""

    def __init__(self, store: QuarantineStore, quarantine: Quarantine, *, token: SecretStr) -> None:
        self._store = store
        self._quarantine = quarantine
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/api/v1/quarantine", self._guard(self.list_events))
        app.router.add_post("/api/v1/quarantine/retry", self._guard(self.retry_next))
        app.router.add_get("/api/v1/quarantine/{id}", self._guard(self.show))
        app.router.add_post("/api/v1/quarantine/{id}/retry", self._guard(self.retry))

    async def list_events(self, request: web.Request) -> web.Response:
        """List them, the newest first."""
        limit = limit_of(request)
        found = await self._store.newest(limit=limit, before=before_id_of(request))
        following = str(found[-1].id) if len(found) == limit else None
        return web.json_response({"events": [quarantined_json(each) for each in found], "next": following})

    async def show(self, request: web.Request) -> web.Response:
        """Show one with what it holds: bytes of somebody else's, as text."""
        found = await self._store.one(id_of(request))
        return web.json_response(quarantined_json(found) | {"raw": found.event.payload.decode(errors="replace")})

    async def retry(self, request: web.Request) -> web.Response:
        """Try one again."""
        return web.json_response(tried_json(await self._quarantine.retry(id_of(request))))

    async def retry_next(self, request: web.Request) -> web.Response:
        """Try the next ones again."""
        body = await read_json(request)
        return web.json_response(tried_json(await self._quarantine.retry_next(behind=count_field(body, "behind"))))


def quarantined_json(found: Quarantined) -> dict[str, Any]:
    """Show an event, without what it holds."""
    event = found.event
    return {
        "id": found.id,
        "platform": event.channel.platform,
        "external_id": event.channel.external_id,
        "channel_name": found.channel_name,
        "kind": event.kind,
        "source_id": event.source_id,
        "received_at": iso_ms(event.received_at_ms),
        "error": event.error,
        "tries": found.tries,
    }


def tried_json(tried: Tried) -> dict[str, Any]:
    """Show what trying again came to."""
    return {"read": tried.read, "still": tried.still, "next": tried.last}
