"""Liveness, readiness and metrics: for supervisors, load balancers and Prometheus."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from relay.core.errors import StoreUnavailable


class HealthRoutes:
    """`/healthz`, `/readyz`, `/metrics`."""

    def __init__(self, store_answers: Callable[[], Awaitable[None]], *, expose: Callable[[], Awaitable[bytes]]) -> None:
        """`store_answers` returns when Redis serves writes, and raises StoreUnavailable otherwise.

        `expose` returns all metrics in Prometheus' text format.
        """
        self._store_answers = store_answers
        self._expose = expose

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that the process lives."""
        return web.json_response({"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Say whether webhooks would be accepted now."""
        try:
            await self._store_answers()
        except StoreUnavailable as error:
            return web.json_response({"status": "not ready", "redis": str(error)}, status=503)
        return web.json_response({"status": "ready", "redis": "ok"})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Tell Prometheus."""
        return web.Response(body=await self._expose(), headers={"Content-Type": CONTENT_TYPE_LATEST})
