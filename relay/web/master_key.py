"""The admin API of the master key: what `relay rotate-master-key` talks to.

POST /admin/v1/master-key/rotation  seals everything anew under the first key → {"resealed", "already", "unreadable"}
"""

from dataclasses import asdict

from aiohttp import web
from pydantic import SecretStr

from relay.engine.resealing import Resealing
from shared.web import require_bearer


class MasterKeyRoutes:
    """The route."""

    def __init__(self, resealing: Resealing, *, token: SecretStr) -> None:
        self._resealing = resealing
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_route("POST", "/admin/v1/master-key/rotation", self._guard(self.rotate))

    async def rotate(self, _request: web.Request) -> web.Response:
        """Seal everything anew."""
        return web.json_response(asdict(await self._resealing.run()))
