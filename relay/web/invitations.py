"""Where links are asked for: by a site for itself, by the relay's operator for any site.

POST /v1/sites/{site}/connect        {"return_to"?} → {"url", "expires_at"}; with the site's token
POST /admin/v1/sites/{site}/connect  the same, with the admin's
"""

import time

from aiohttp import web
from pydantic import SecretStr

from relay.core.allowance import Allowances
from relay.core.errors import SiteNotFound
from relay.engine.connecting import Connecting
from relay.engine.site_callers import SiteCallers
from relay.web.admin import PREFIX as ADMIN_PREFIX
from relay.web.site_guard import PREFIX, SiteGuard
from shared.clock import iso_ms
from shared.web import RequestRefused, read_json, require_bearer

BURST, EVERY_S = 5, 10.0
MAX_BODY_BYTES = 4096


class InvitationRoutes:
    """The routes that hand out links."""

    def __init__(self, connecting: Connecting, callers: SiteCallers, *, admin_token: SecretStr) -> None:
        self._connecting = connecting
        self._callers = callers
        self._admin_token = admin_token

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        allowances = Allowances(burst=BURST, every_s=EVERY_S, clock=time.monotonic)
        of_site = SiteGuard(self._callers).guarded("connect", self.invite, allowances)
        of_admin = require_bearer(self._admin_token)(self.invite)
        app.router.add_route("POST", PREFIX + "/connect", of_site)
        app.router.add_route("POST", ADMIN_PREFIX + "/sites/{site}/connect", of_admin)

    async def invite(self, request: web.Request) -> web.Response:
        """Make a link."""
        return_to = (await read_json(request, limit=MAX_BODY_BYTES)).get("return_to", "")
        if not isinstance(return_to, str):
            raise RequestRefused(400, "bad_field", "the field return_to is no text")
        try:
            invitation = await self._connecting.invite(request.match_info["site"], return_to=return_to)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        url, ends = invitation.url.get_secret_value(), iso_ms(invitation.expires_at_ms)
        return web.json_response({"url": url, "expires_at": ends}, headers={"Cache-Control": "no-store"})
