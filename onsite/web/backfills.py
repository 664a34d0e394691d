"""`/api/v1/backfills`: gaps, how far they are read, what of them is beyond reach; reading one when asked."""

from aiohttp import web
from pydantic import SecretStr

from onsite.core.gap import Span
from onsite.engine.backfills import Backfills
from onsite.engine.gaps import GapStore
from onsite.web.query import id_of, limit_of, text_field
from onsite.web.views import backfill_json
from shared.clock import Clock
from shared.errors import UserError
from shared.moments import read_moment
from shared.web import RequestRefused, read_json, require_bearer


class BackfillRoutes:
    """Guarded by the site's API token."""

    def __init__(self, store: GapStore, backfills: Backfills, *, clock: Clock, token: SecretStr) -> None:
        self._store = store
        self._backfills = backfills
        self._clock = clock
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/api/v1/backfills", self._guard(self.list_backfills))
        app.router.add_post("/api/v1/backfills", self._guard(self.ask))
        app.router.add_get("/api/v1/backfills/{id}", self._guard(self.show))

    async def list_backfills(self, request: web.Request) -> web.Response:
        """List them, the newest first."""
        views = await self._store.views(limit=limit_of(request))
        return web.json_response({"backfills": [backfill_json(each) for each in views]})

    async def show(self, request: web.Request) -> web.Response:
        """Show one, or the longer one that it became part of."""
        view = await self._store.view(id_of(request))
        while view.gap.merged_into is not None:
            view = await self._store.view(view.gap.merged_into)
        return web.json_response(backfill_json(view))

    async def ask(self, request: web.Request) -> web.Response:
        """Read a stretch of time of a page."""
        body = await read_json(request)
        span = self._span(text_field(body, "since"), text_field(body, "until", default="0s"))
        gap = await self._backfills.ask(text_field(body, "page_id"), span)
        return web.json_response(backfill_json(await self._store.view(gap.id)), status=202)

    def _span(self, since: str, until: str) -> Span:
        now = self._clock()
        try:
            span = Span(read_moment(since, now), read_moment(until, now))
        except UserError as error:
            raise RequestRefused(422, "bad_field", str(error)) from None
        if span.until_ms < span.since_ms:
            raise RequestRefused(422, "bad_field", "until lies before since")
        return span
