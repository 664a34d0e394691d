"""The admin API of audits: what `relay bindings --audit` talks to. What they found is in `relay.web.admin`.

POST /admin/v1/bindings/{page_id}/audit  has the page audited with the next look → 202 {"page_id", "site", "within_s"}
"""

from dataclasses import asdict

from aiohttp import web
from pydantic import SecretStr

from relay.engine.audit_requests import AuditRequests
from shared.web import require_bearer

PATH = "/admin/v1/bindings/{page_id}/audit"


class AuditRoutes:
    """One route."""

    def __init__(self, requests: AuditRequests, *, token: SecretStr) -> None:
        self._requests = requests
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post(PATH, self._guard(self.audit))

    async def audit(self, request: web.Request) -> web.Response:
        """Have a page audited."""
        requested = await self._requests.request(request.match_info["page_id"])
        return web.json_response(asdict(requested), status=202)
