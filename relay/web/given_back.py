"""Where a site gives a page back: what `onsite disconnect` comes to.

DELETE /v1/sites/{site}/pages/{page_id}  → {"page_id", "still_subscribed"}; the site's own token

The rule: of a page that is not this site's, nothing is told. Whether it is another's, nobody's or none at all, the
answer is the same, and leaves at the same time after its request came.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from relay.core.allowance import Allowances
from relay.core.errors import PageNotBound
from relay.engine.page_connection import PageConnection
from relay.engine.site_callers import SiteCallers
from relay.web.site_guard import PREFIX, REFUSED_AFTER_S, SiteGuard
from shared.errors import UserError
from shared.logs import get_logger
from shared.web import RequestRefused, json_error, read_body

log = get_logger(__name__)

BURST, EVERY_S = 10, 2.0
"""Each takes Facebook a call."""
MAX_BODY_BYTES = 4096
CHANGING_S = 5
"""When it is worth asking again for a page that somebody is just changing."""


class GivenBackRoutes:
    """The route."""

    def __init__(
        self,
        pages: PageConnection,
        callers: SiteCallers,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pages = pages
        self._guard = SiteGuard(callers, sleep=sleep)
        self._sleep = sleep

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        allowances = Allowances(burst=BURST, every_s=EVERY_S, clock=time.monotonic)
        guarded = self._guard.guarded("disconnect", self.give_back, allowances)
        app.router.add_route("DELETE", PREFIX + "/pages/{page_id}", guarded)

    async def give_back(self, request: web.Request) -> web.Response:
        """End a page of this site."""
        refuse_at = asyncio.get_running_loop().time() + REFUSED_AFTER_S
        site, page_id = request.match_info["site"], request.match_info["page_id"]
        await read_body(request, limit=MAX_BODY_BYTES)
        try:
            gone = await self._pages.give_back(page_id, site)
        except PageNotBound:
            await self._sleep(refuse_at - asyncio.get_running_loop().time())
            raise RequestRefused(404, "no_such_page", "this site has no such page") from None
        except UserError as error:  # its words are for the operator, and may name another site
            log.warning("page_not_given_back", page=page_id, site=site, reason=str(error))
            words = "the page is just being changed: ask again in some seconds"
            return json_error(429, "changing", words, Retry_After=str(CHANGING_S))
        log.info("page_given_back", page=page_id, site=site)
        return web.json_response({"page_id": page_id, "still_subscribed": gone.still_subscribed})
