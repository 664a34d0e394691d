"""`GET /admin/v1/health`: what `relay check` asks the running relay about itself. Guarded as the whole admin API is.

{"version": "1.4.0", "workers": 1}
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import SecretStr

from relay.web.admin import PREFIX
from shared.releases import own_version
from shared.web import require_bearer


class AdminHealthRoutes:
    """One route."""

    def __init__(self, workers_alive: Callable[[], Awaitable[int]], *, token: SecretStr) -> None:
        """`workers_alive` counts them; raises StoreUnavailable."""
        self._workers_alive = workers_alive
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_get(PREFIX + "/health", self._guard(self.health))

    async def health(self, _request: web.Request) -> web.Response:
        """Tell release and workers."""
        return web.json_response({"version": own_version(), "workers": await self._workers_alive()})
