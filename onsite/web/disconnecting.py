"""`POST /api/v1/channels/disconnect`: this site gives a Facebook page back."""

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.giving_back import GivingBack
from onsite.web.query import text_field
from onsite.web.views import channel_json
from shared.web import read_json, require_bearer


class DisconnectRoutes:
    """Guarded by the site's API token."""

    def __init__(self, giving_back: GivingBack, *, token: SecretStr) -> None:
        self._giving_back = giving_back
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post("/api/v1/channels/disconnect", self._guard(self.disconnect))

    async def disconnect(self, request: web.Request) -> web.Response:
        """Give a page back."""
        page_id = text_field(await read_json(request), "page_id")
        done = await self._giving_back.disconnect(page_id)
        return web.json_response(
            {
                "page_id": page_id,
                "was_connected": done.given_back.was_ours,
                "still_subscribed": done.given_back.still_subscribed,
                "channel": None if done.channel is None else channel_json(done.channel),
            }
        )
