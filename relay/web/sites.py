"""What sites call, under `/v1/sites/{site}`: each with a bearer token derived from its own secret.

POST   /v1/sites/{site}/ready         it takes events now → {"state", "waiting", "draining"}; 409 while it is paused
GET    /v1/sites/{site}               how the relay sees it: state, what waits, last error, pages
POST   /v1/sites/{site}/connect       a link for a browser: `web.invitations`
POST   /v1/sites/{site}/check         whether the relay reaches it: `web.trials`
DELETE /v1/sites/{site}/pages/{page}  it gives a page back: `web.given_back`
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from relay.core.allowance import Allowances
from relay.core.delivery import DeliveryState
from relay.engine.announcing import Announcing
from relay.engine.site_callers import SiteCallers
from relay.engine.site_pages import SitePages
from relay.engine.status import OutboxStatus
from relay.web.site_guard import PREFIX, SiteGuard
from shared.clock import Clock, iso_ms
from shared.releases import own_version
from shared.web import read_body

CHECK_AGAIN_S = 60
LOOKS_PER_S = 20
"""How soon a site is asked to look again, and how often all of them together may. Sites hold to it: so what they cost
while nothing happens has a limit, whatever their number. Above 1,200 sites each looks less often."""
MAX_BODY_BYTES = 4096
"""Nothing in a body means anything yet; a later site may send something."""

READY_BURST, READY_EVERY_S = 3, 2.0
LOOK_BURST, LOOK_EVERY_S = 10, 1.0


class SiteRoutes:
    """The routes that sites call."""

    def __init__(
        self,
        callers: SiteCallers,
        announcing: Announcing,
        pages: SitePages,
        *,
        outboxes: Callable[[Sequence[str]], Awaitable[Sequence[OutboxStatus]]],
        clock: Clock = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`outboxes` tells how outboxes of these names stand; raises StoreUnavailable."""
        self._guard = SiteGuard(callers, sleep=sleep)
        self._announcing = announcing
        self._pages = pages
        self._outboxes = outboxes
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        ready = Allowances(burst=READY_BURST, every_s=READY_EVERY_S, clock=time.monotonic)
        look = Allowances(burst=LOOK_BURST, every_s=LOOK_EVERY_S, clock=time.monotonic)
        app.router.add_route("POST", PREFIX + "/ready", self._guard.guarded("ready", self.ready, ready))
        app.router.add_route("GET", PREFIX, self._guard.guarded("look", self.look, look))

    async def ready(self, request: web.Request) -> web.Response:
        """Have the site drained now."""
        site = request.match_info["site"]
        await read_body(request, limit=MAX_BODY_BYTES)
        announced = await self._announcing.ready(site)
        if announced.state is DeliveryState.PAUSED:
            refusal = {"code": "paused", "message": _paused(site, announced.waiting)}
            return web.json_response({"error": refusal, "waiting": announced.waiting}, status=409)
        answer = {"state": announced.state, "waiting": announced.waiting, "draining": announced.draining}
        return web.json_response(answer)

    async def look(self, request: web.Request) -> web.Response:
        """Show the site how it stands."""
        site = request.match_info["site"]
        (status,) = await self._outboxes([site])
        pages = await self._pages.of(site)
        again_s = max(CHECK_AGAIN_S, math.ceil(self._pages.sites / LOOKS_PER_S))
        answer = _own_view(site, status, now=self._clock()) | {"pages": pages, "check_again_s": again_s}
        return web.json_response(answer)


def _paused(site: str, waiting: int) -> str:
    return (
        f"site {site} is paused: it answered 410, or its operator at the relay paused it. {waiting} events are kept;"
        f" they come when that operator says `relay site resume {site}`"
    )


def _own_view(site: str, status: OutboxStatus, *, now: float) -> dict[str, Any]:
    oldest_ms = status.oldest_at_ms
    return {
        "site": site,
        "time": iso_ms(round(now * 1000)),
        "version": own_version(),
        "state": status.state,
        "draining": status.delivering,
        "waiting": status.waiting,
        "oldest_s": None if oldest_ms is None else max(0, round(now - oldest_ms / 1000)),
        "failures": status.failures,
        "parked_since": _iso(status.parked_since_ms),
        "next_attempt": _iso(status.next_attempt_ms),
        "last_error": status.last_error,
        "last_error_at": _iso(status.last_error_at_ms),
        "last_success_at": _iso(status.last_success_at_ms),
        "dead_letters": status.dead_letters,
    }


def _iso(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else iso_ms(epoch_ms)
