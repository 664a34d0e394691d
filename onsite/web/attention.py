"""`/api/v1/conversations/{id}/…`: what somebody saw of a conversation, and whether it is open.

POST …/seen     what is there now is seen; what comes later is unread again
POST …/close    closed until the customer says more
POST …/reopen   open again
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.ports import AttentionStore
from onsite.web.query import id_of
from shared.web import require_bearer


class AttentionRoutes:
    """Guarded by the site's API token."""

    def __init__(self, store: AttentionStore, *, token: SecretStr) -> None:
        self._changes = {"seen": store.seen, "close": store.close, "reopen": store.reopen}
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        for name, change in self._changes.items():
            app.router.add_post(f"/api/v1/conversations/{{id}}/{name}", self._guard(_handler(change)))


def _handler(change: Callable[[int], Awaitable[None]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        await change(id_of(request))
        return web.Response(status=204)

    return handle
