"""Meta's side as aiohttp routes: the callback's verification, and the webhook in every form that HTTP knows.

Nearly all webhooks are taken by `web.front_door` before they come here; what comes here is whatever is not written in
the plainest way. Thin: the answers are `web.reception`'s.
"""

from aiohttp import web
from pydantic import SecretStr

from relay.core.errors import ChallengeRefused
from relay.core.webhook import MAX_BODY_BYTES, SIGNATURE_HEADER, answer_challenge
from relay.web.answer import WEBHOOK_PATH
from relay.web.reception import Reception, refuse
from shared.logs import get_logger
from shared.web import RequestRefused, json_error, read_body

log = get_logger(__name__)


class FacebookRoutes:
    """The routes that Meta calls."""

    def __init__(self, reception: Reception, *, verify_token: SecretStr) -> None:
        self._reception = reception
        self._verify_token = verify_token

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
        """Take a webhook."""
        try:
            body = await read_body(request, limit=MAX_BODY_BYTES)
        except RequestRefused as error:
            return refuse(error.status, error.code, error.message).as_response()
        answer = await self._reception.take(request.headers.get(SIGNATURE_HEADER), body)
        return answer.as_response()
