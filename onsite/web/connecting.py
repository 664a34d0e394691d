"""`POST /api/v1/channels/connect`: a link with which somebody connects Facebook pages in their browser."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import SecretStr

from onsite.core.connect_link import ConnectLink
from onsite.core.errors import NoConnectLink
from onsite.web.query import text_field
from shared.web import read_json, require_bearer

AskForLink = Callable[[str], Awaitable[ConnectLink]]
"""Asks the relay for a link, given where at this site the person is led back to. Raises NoConnectLink."""


class ConnectRoutes:
    """Guarded by the site's API token."""

    def __init__(self, ask: AskForLink | None, *, token: SecretStr) -> None:
        """`ask` is None where nobody told us the relay's address."""
        self._ask = ask
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post("/api/v1/channels/connect", self._guard(self.connect))

    async def connect(self, request: web.Request) -> web.Response:
        """Ask the relay for a link."""
        return_to = text_field(await read_json(request), "return_to", default="")
        if self._ask is None:
            raise NoConnectLink(
                "pages are connected through the relay: set ONSITE_RELAY_URL, ONSITE_SITE and ONSITE_RELAY_SECRET,"
                " which the relay's operator knows"
            )
        link = await self._ask(return_to)
        answer = {"url": link.url, "expires_at": link.expires_at or None}
        return web.json_response(answer, headers={"Cache-Control": "no-store"})
