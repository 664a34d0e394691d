"""`/api/v1/conversations`, `/api/v1/messages`, `/api/v1/contacts`: what was said, and what is said in reply."""

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.bell import Bell
from onsite.engine.replies import Replies, SettleAs
from onsite.engine.settling import SETTLED
from onsite.engine.views import MessageView, Reader
from onsite.web.query import before_id_of, cursor_of, id_of, limit_of, seconds_of, text_field, write_cursor
from onsite.web.views import contact_json, conversation_json, message_json
from shared.web import RequestRefused, read_json, require_bearer

LONGEST_WAIT_S = 25.0
"""Of a request that waits for a reply's fate; shorter than any proxy's patience."""


class ConversationRoutes:
    """Guarded by the site's API token. Lists go from new to old; `next` is the `before` of the next page, or null."""

    def __init__(self, reader: Reader, replies: Replies, bell: Bell, *, token: SecretStr) -> None:
        self._reader = reader
        self._replies = replies
        self._bell = bell
        self._guard = require_bearer(token)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/api/v1/conversations", self._guard(self.conversations))
        app.router.add_get("/api/v1/conversations/{id}/messages", self._guard(self.messages))
        app.router.add_post("/api/v1/conversations/{id}/replies", self._guard(self.reply))
        app.router.add_get("/api/v1/messages/{id}", self._guard(self.message))
        app.router.add_post("/api/v1/messages/{id}/settle", self._guard(self.settle))
        app.router.add_get("/api/v1/contacts", self._guard(self.contacts))

    async def conversations(self, request: web.Request) -> web.Response:
        """List conversations, the one that moved last first."""
        limit = limit_of(request)
        found = await self._reader.conversations(limit=limit, before=cursor_of(request))
        following = write_cursor(found[-1].cursor) if len(found) == limit else None
        return web.json_response({"conversations": [conversation_json(each) for each in found], "next": following})

    async def messages(self, request: web.Request) -> web.Response:
        """List a conversation's messages, newest first by the platform's time."""
        limit = limit_of(request)
        found = await self._reader.messages(id_of(request), limit=limit, before=cursor_of(request))
        following = write_cursor(found[-1].cursor) if len(found) == limit else None
        return web.json_response({"messages": [message_json(each) for each in found], "next": following})

    async def contacts(self, request: web.Request) -> web.Response:
        """List contacts, the newest first."""
        limit = limit_of(request)
        found = await self._reader.contacts(limit=limit, before=before_id_of(request))
        following = str(found[-1].id) if len(found) == limit else None
        return web.json_response({"contacts": [contact_json(each) for each in found], "next": following})

    async def reply(self, request: web.Request) -> web.Response:
        """Store a reply; it is sent as soon as it is its turn, and its state tells what becomes of it."""
        body = await read_json(request)
        client_id = text_field(body, "client_id") if body.get("client_id") is not None else None
        stored = await self._replies.write(id_of(request), text_field(body, "text"), client_id=client_id)
        return web.json_response(message_json(await self._reader.message(stored.message_id)), status=202)

    async def message(self, request: web.Request) -> web.Response:
        """Show one message; with `wait_s` wait that long for a reply of ours to be settled."""
        message_id = id_of(request)
        wait_s = seconds_of(request, "wait_s", longest=LONGEST_WAIT_S)
        seen = await self._bell.wait_for(
            lambda: self._reader.message(message_id), until=_needs_no_waiting, timeout_s=wait_s
        )
        return web.json_response(message_json(seen))

    async def settle(self, request: web.Request) -> web.Response:
        """Write down what an operator saw of a reply whose outcome is unknown."""
        message_id, body = id_of(request), await read_json(request)
        try:
            seen = SettleAs(text_field(body, "as"))
        except ValueError:
            raise RequestRefused(422, "bad_field", f"as must be one of {', '.join(SettleAs)}") from None
        await self._replies.settle(message_id, seen)
        return web.json_response(message_json(await self._reader.message(message_id)))


def _needs_no_waiting(message: MessageView) -> bool:
    return message.state is None or message.state in SETTLED
