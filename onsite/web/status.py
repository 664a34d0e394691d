"""`/api/v1/status`: how the site stands, on one screen."""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.ports import ChannelStore
from onsite.engine.views import Reader
from onsite.web.relay_status import RelayStatus
from onsite.web.views import channel_json
from shared.tasks import Supervisor
from shared.web import require_bearer


class StatusRoutes:
    """Guarded by the site's API token."""

    def __init__(
        self,
        reader: Reader,
        channels: ChannelStore,
        relay: RelayStatus,
        supervisor: Supervisor,
        *,
        site: str | None,
        token: SecretStr,
    ) -> None:
        self._reader = reader
        self._channels = channels
        self._relay = relay
        self._supervisor = supervisor
        self._site = site
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_get("/api/v1/status", self._guard(self.status))

    async def status(self, _request: web.Request) -> web.Response:
        """Show the relay's side, the channels, what waits or is unclear, and the tasks that keep it going."""
        counts = await self._reader.counts()
        return web.json_response(
            {
                "site": self._site,
                "relay": self._relay.as_json(),
                "channels": [channel_json(each) for each in await self._channels.channels()],
                "replies": {str(state): count for state, count in counts.replies.items()},
                "quarantined": counts.quarantined,
                "tasks": self._tasks(),
            }
        )

    def _tasks(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "running": health.running, "crashes": health.crashes, "last_error": health.last_error}
            for name, health in self._supervisor.health.items()
        ]
