"""The admin API of a site's end, below `/admin/v1/sites/{site}/removal`: what `relay site remove` talks to.

GET  /admin/v1/sites/{site}/removal  what would go
POST /admin/v1/sites/{site}/removal  {"force"?} one bounded step: asked again until no page is left
"""

from aiohttp import web
from pydantic import SecretStr

from relay.core.errors import SiteNotFound
from relay.engine.site_removal import SiteRemoval
from shared.web import RequestRefused, read_json, require_bearer

PATH = "/admin/v1/sites/{site}/removal"


class RemovalRoutes:
    """The routes."""

    def __init__(self, removal: SiteRemoval, *, token: SecretStr) -> None:
        self._removal = removal
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_route("GET", PATH, self._guard(self.look))
        app.router.add_route("POST", PATH, self._guard(self.remove))

    async def look(self, request: web.Request) -> web.Response:
        """Say what would go."""
        name = request.match_info["site"]
        try:
            remains = await self._removal.look(name)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        return web.json_response(
            {
                "name": name,
                "pages": list(remains.pages),
                "waiting": remains.waiting,
                "dead_letters": remains.dead_letters,
                "begun": remains.begun,
            }
        )

    async def remove(self, request: web.Request) -> web.Response:
        """Go a step towards the site's end."""
        name, force = request.match_info["site"], (await read_json(request)).get("force", False)
        if not isinstance(force, bool):
            raise RequestRefused(400, "bad_field", "the field force is neither true nor false")
        try:
            removed = await self._removal.remove(name, force=force)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        pages = [{"page_id": page, "still_subscribed": why} for page, why in removed.still_subscribed.items()]
        counts = {"dropped": removed.erased.waiting, "dead_dropped": removed.erased.dead_letters}
        return web.json_response({"name": name, "pages": pages, "pages_left": removed.pages_left} | counts)
