"""The admin API of a site's secret, below `/admin/v1/sites/{site}/rotation`: what `relay site rotate-secret` talks to.

POST /admin/v1/sites/{site}/rotation         {"again"?} → the new secret, this once, and the pages handed over again
POST /admin/v1/sites/{site}/rotation/finish  {"force"?} the newest secret stays
"""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from relay.core.errors import SiteNotFound
from relay.engine.secret_rotation import HandedOver, SecretRotation
from shared.web import Handler, RequestRefused, read_json, require_bearer

PREFIX = "/admin/v1/sites/{site}/rotation"


class RotationRoutes:
    """The routes."""

    def __init__(self, rotation: SecretRotation, *, token: SecretStr) -> None:
        self._rotation = rotation
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_route("POST", PREFIX, self._guard(_answering(self.begin)))
        app.router.add_route("POST", PREFIX + "/finish", self._guard(_answering(self.finish)))

    async def begin(self, request: web.Request) -> web.Response:
        """Give a site a new secret beside its old one."""
        name = request.match_info["site"]
        rotated = await self._rotation.begin(name, again=await _flag(request, "again"))
        secret = {"name": name, "secret": rotated.secret.get_secret_value()}
        return web.json_response(secret | _handed_over(rotated.handed_over), status=201)

    async def finish(self, request: web.Request) -> web.Response:
        """Leave a site its newest secret alone."""
        name = request.match_info["site"]
        handed_over = await self._rotation.finish(name, force=await _flag(request, "force"))
        return web.json_response({"name": name} | _handed_over(handed_over))


def _handed_over(handed_over: HandedOver) -> dict[str, Any]:
    return {"pages": list(handed_over.pages), "failed_pages": list(handed_over.failed)}


async def _flag(request: web.Request, name: str) -> bool:
    value = (await read_json(request)).get(name, False)
    if not isinstance(value, bool):
        raise RequestRefused(400, "bad_field", f"the field {name} is neither true nor false")
    return value


def _answering(handler: Handler) -> Handler:
    async def answering(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None

    return answering
