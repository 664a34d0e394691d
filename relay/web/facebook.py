"""Meta's side as aiohttp routes: the callback's verification, and the webhook in every form that HTTP knows.

Nearly all webhooks are taken by `web.front_door` before they come here; what comes here is whatever is not written in
the plainest way. Thin: the answers are `web.reception`'s.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from aiohttp import web
from pydantic import SecretStr

from relay.core.errors import BadSignature, ChallengeRefused
from relay.core.webhook import MAX_BODY_BYTES, SIGNATURE_HEADER, WEBHOOK_PATH, answer_challenge, check_signature_form
from relay.web.reading_room import ReadingRoom
from relay.web.reception import BUSY, Reception, refuse
from shared.logs import get_logger
from shared.web import RequestRefused, json_error, read_body

log = get_logger(__name__)

MAX_READING_BYTES = 128 * 1024 * 1024
"""Of all large bodies that are being read at a time: whoever sends them has proved nothing yet."""
SMALL_BODY_BYTES = 256 * 1024
"""Up to here a body is let in always: nearly all of Meta's are far smaller, and nobody must keep them out."""
MAX_READING_SMALL_BYTES = 64 * 1024 * 1024
"""Of all small bodies that are being read at a time; beyond it, the one that has taken longest is given up."""


class FacebookRoutes:
    """The routes that Meta calls."""

    def __init__(self, reception: Reception, *, verify_token: SecretStr) -> None:
        self._reception = reception
        self._verify_token = verify_token
        self._reading = 0
        """Bytes that the large bodies may have which are being read now."""
        self._small = ReadingRoom(MAX_READING_SMALL_BYTES)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get(WEBHOOK_PATH, self.verify, allow_head=False)
        app.router.add_post(WEBHOOK_PATH, self.receive)

    async def verify(self, request: web.Request) -> web.Response:
        """Answer the GET by which Meta makes sure that this callback is ours."""
        try:
            challenge = answer_challenge(request.query, verify_token=self._verify_token)
        except ChallengeRefused as error:
            log.warning("callback_verification_refused", reason=str(error))
            return json_error(403, "verification_refused", str(error))
        log.info("callback_verified")
        return web.Response(text=challenge)

    async def receive(self, request: web.Request) -> web.Response:
        """Take a webhook. What cannot be Meta's is refused before its body is read."""
        signature = request.headers.get(SIGNATURE_HEADER)
        try:
            check_signature_form(signature)
            body = await self._read(request)
        except BadSignature as error:
            return refuse(403, "bad_signature", str(error)).as_response()
        except RequestRefused as error:
            return refuse(error.status, error.code, error.message).as_response()
        answer = await self._reception.take(signature, body)
        return answer.as_response()

    async def _read(self, request: web.Request) -> bytes:
        size = min(request.content_length or MAX_BODY_BYTES, MAX_BODY_BYTES)
        if size <= SMALL_BODY_BYTES:
            return await self._read_small(request, size)
        with self._room_for_large(size):
            return await read_body(request, limit=MAX_BODY_BYTES)

    async def _read_small(self, request: web.Request, size: int) -> bytes:
        """Read a body until it is whole or has to make room for others. Raises RequestRefused 503 then."""
        patience = asyncio.timeout(None)
        try:
            async with patience:
                self._small.hold(patience, size, give_up=partial(patience.reschedule, 0))
                return await read_body(request, limit=MAX_BODY_BYTES)
        except TimeoutError:
            raise RequestRefused(*BUSY) from None
        finally:
            self._small.leave(patience)

    @contextmanager
    def _room_for_large(self, size: int) -> Iterator[None]:
        """Hold room for a body while it is read. Raises RequestRefused 503 where there is none."""
        if self._reading + size > MAX_READING_BYTES:
            raise RequestRefused(*BUSY)
        self._reading += size
        try:
            yield
        finally:
            self._reading -= size
