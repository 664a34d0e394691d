"""Where somebody has a site tried: a site itself, or the relay's operator for any site.

POST /v1/sites/{site}/check        → {"site", "address", "reached", "code", "words", "status", "took_ms"}; its own token
POST /admin/v1/sites/{site}/check  the same, with the admin's
"""

import time
from dataclasses import asdict

from aiohttp import web
from pydantic import SecretStr

from relay.core.allowance import Allowances
from relay.core.errors import SiteNotFound, TrialUnderWay
from relay.engine.site_callers import SiteCallers
from relay.engine.site_trials import SiteTrials
from relay.web.admin import PREFIX as ADMIN_PREFIX
from relay.web.site_guard import PREFIX, SiteGuard
from shared.web import RequestRefused, json_error, read_body, require_bearer

BURST, EVERY_S = 3, 20.0
"""Of each site's own calls: three at once, then three a minute."""
BUSY_S = 10
"""When it is worth asking again while a trial is under way."""
MAX_BODY_BYTES = 4096
"""Nothing in a body means anything yet; a later site may send something."""


class TrialRoutes:
    """The routes that try a site."""

    def __init__(self, trials: SiteTrials, callers: SiteCallers, *, admin_token: SecretStr) -> None:
        self._trials = trials
        self._callers = callers
        self._admin_token = admin_token

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        allowances = Allowances(burst=BURST, every_s=EVERY_S, clock=time.monotonic)
        of_site = SiteGuard(self._callers).guarded("check", self.check, allowances)
        of_admin = require_bearer(self._admin_token)(self.check)
        app.router.add_route("POST", PREFIX + "/check", of_site)
        app.router.add_route("POST", ADMIN_PREFIX + "/sites/{site}/check", of_admin)

    async def check(self, request: web.Request) -> web.Response:
        """Try the site."""
        name = request.match_info["site"]
        await read_body(request, limit=MAX_BODY_BYTES)
        try:
            trial = await self._trials.run(name)
        except SiteNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None
        except TrialUnderWay as error:
            return json_error(429, "too_often", str(error), Retry_After=str(BUSY_S))
        return web.json_response({"site": name, "reached": trial.reached} | asdict(trial))
