"""Puts the routes together, and turns the use cases' errors into answers."""

from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from onsite.core.errors import ChannelNotFound, ConversationNotFound
from onsite.engine.errors import (
    EventNotFound,
    GapNotFound,
    MediaNotFound,
    MessageNotFound,
    StoreUnavailable,
    Unprocessable,
)
from shared.logs import get_logger
from shared.web import Handler, answer_errors, json_error
from shared.wire import MAX_BATCH_BYTES

log = get_logger(__name__)

RETRY_AFTER_S = "5"
"""What a caller is told while the database does not answer."""


class Routes(Protocol):
    """A set of routes."""

    def add_to(self, app: web.Application) -> None:
        """Register them."""
        ...


def build_app(routes: Iterable[Routes]) -> web.Application:
    """Make the site's web application."""
    app = web.Application(middlewares=[answer_errors, _answer_in_words], client_max_size=MAX_BATCH_BYTES)
    for each in routes:
        each.add_to(app)
    return app


@web.middleware
async def _answer_in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the use cases refuse; whatever else a person can mend becomes 409 in `answer_errors`."""
    try:
        return await handler(request)
    except (ChannelNotFound, ConversationNotFound, MessageNotFound, GapNotFound, EventNotFound, MediaNotFound) as error:
        return json_error(404, "not_found", str(error))
    except Unprocessable as error:
        return json_error(422, "unprocessable", str(error))
    except StoreUnavailable as error:
        log.warning("database_unavailable", reason=str(error))
        return json_error(503, "database_unavailable", f"{error}; try again", Retry_After=RETRY_AFTER_S)
