"""`/api/v1/master-key`: what `onsite rotate-master-key` talks to.

POST /api/v1/master-key/rotation {"behind": 0}  seals the next channels anew under the first key; says where to go on
"""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.resealing import Progress, Resealing
from onsite.web.query import count_field
from shared.web import read_json, require_bearer


class MasterKeyRoutes:
    """Guarded by the site's API token."""

    def __init__(self, resealing: Resealing, *, token: SecretStr) -> None:
        self._resealing = resealing
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post("/api/v1/master-key/rotation", self._guard(self.rotate))

    async def rotate(self, request: web.Request) -> web.Response:
        """Do the next part."""
        body = await read_json(request)
        return web.json_response(progress_json(await self._resealing.go_on(behind=count_field(body, "behind"))))


def progress_json(progress: Progress) -> dict[str, Any]:
    """Show what a part came to; the keys by their fingerprints, which tell nothing of them."""
    part = progress.part
    return {
        "resealed": part.resealed,
        "already": part.already,
        "unreadable": [{"platform": ref.platform, "external_id": ref.external_id} for ref in part.unreadable],
        "next": part.last,
        "total": progress.total,
        "keys": list(progress.keys),
    }
