"""Puts the routes together.

The rule: a connection ends with its first answer. The next request's head is the front door's to wait for, which has
room and patience for only so much (`web.front_door`); aiohttp has not.
"""

from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from relay.core.errors import StoreUnavailable
from relay.core.webhook import MAX_BODY_BYTES
from shared.web import Handler, answer_errors, json_error


class Routes(Protocol):
    """A set of routes."""

    def add_to(self, app: web.Application) -> None:
        """Register them."""


def build_app(routes: Iterable[Routes]) -> web.Application:
    """Make the relay's web application."""
    app = web.Application(
        middlewares=[_answer_once, answer_errors, _answer_store_trouble], client_max_size=MAX_BODY_BYTES
    )
    for each in routes:
        each.add_to(app)
    return app


@web.middleware
async def _answer_once(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.force_close()
    return answer


@web.middleware
async def _answer_store_trouble(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except StoreUnavailable as error:
        return json_error(503, "store_unavailable", f"Redis cannot be used now: {error}", Retry_After="2")
