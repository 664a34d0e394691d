"""`/api/v1/status`: how the site stands, on one screen."""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.backfills import Backfills
from onsite.engine.inbox import Inbox
from onsite.engine.ports import ChannelStore
from onsite.engine.relay_link import RelayLink
from onsite.engine.views import Reader
from onsite.web.views import backfill_json, channel_json, relay_json
from shared.tasks import Supervisor
from shared.web import require_bearer

SHOWN_BACKFILLS = 5
"""Those that are not finished first; `/api/v1/backfills` lists more."""


class StatusRoutes:
    """Guarded by the site's API token."""

    def __init__(
        self,
        reader: Reader,
        channels: ChannelStore,
        inbox: Inbox,
        link: RelayLink,
        supervisor: Supervisor,
        backfills: Backfills,
        *,
        site: str | None,
        token: SecretStr,
    ) -> None:
        self._reader = reader
        self._channels = channels
        self._inbox = inbox
        self._link = link
        self._supervisor = supervisor
        self._backfills = backfills
        self._site = site
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_get("/api/v1/status", self._guard(self.status))

    async def status(self, _request: web.Request) -> web.Response:
        """Show the relay's side, the channels, what waits or is unclear, and the tasks that keep it going."""
        counts = await self._reader.counts()
        last_batch_at_ms = self._inbox.last_batch_at_ms
        return web.json_response(
            {
                "site": self._site,
                "relay": relay_json(self._link, site=self._site, last_batch_at_ms=last_batch_at_ms),
                "channels": [channel_json(each) for each in await self._channels.channels()],
                "replies": {str(state): count for state, count in counts.replies.items()},
                "quarantined": counts.quarantined,
                "media": {str(state): count for state, count in counts.media.items()},
                "backfills": [backfill_json(each) for each in await self._backfills.of_interest(SHOWN_BACKFILLS)],
                "tasks": self._tasks(),
            }
        )

    def _tasks(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "running": health.running, "crashes": health.crashes, "last_error": health.last_error}
            for name, health in self._supervisor.health.items()
        ]
