"""Lets only a site itself call for it, and not too often. Which calls there are, the routes say.

The rule: who has no valid token learns nothing, not even which names exist. Every refusal is the same answer, and
leaves at the same time after its request came, whatever had to be looked up for it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from relay.core.allowance import Allowances
from relay.engine import metrics
from relay.engine.site_callers import SiteCallers
from shared.web import Handler, bearer_of, json_error

PREFIX = "/v1/sites/{site}"

_RESULTS: Mapping[int, str] = {
    HTTPStatus.OK: "ok",
    HTTPStatus.CONFLICT: "paused",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
}
"""What a handler's own answer is counted as; a page that is just being changed (`web.given_back`) is throttled, too."""

REFUSED_AFTER_S = 0.1
"""When a refusal leaves, counted from its request. Far above what a look-up takes, far below what a person notices."""


class SiteGuard:
    """Guards handlers."""

    def __init__(self, callers: SiteCallers, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._callers = callers
        self._sleep = sleep

    def guarded(self, call: str, handler: Handler, allowances: Allowances) -> Handler:
        """Return a handler for sites; `call` is the label under which it is counted."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            leave_at = asyncio.get_running_loop().time() + REFUSED_AFTER_S
            site = request.match_info["site"]
            if not await self._callers.admits(site, bearer_of(request)):
                metrics.SITE_CALLS.labels(call, "refused").inc()
                await self._sleep(leave_at - asyncio.get_running_loop().time())
                return json_error(401, "unauthorized", "no such site, or not its token", WWW_Authenticate="Bearer")
            if wait_s := allowances.take(site):
                metrics.SITE_CALLS.labels(call, "throttled").inc()
                return json_error(429, "too_often", "asked too often", Retry_After=str(math.ceil(wait_s)))
            answer = await handler(request)
            metrics.SITE_CALLS.labels(call, _RESULTS.get(answer.status, "refused")).inc()
            return answer

        return guarded
