"""Meta's side: the callback's verification and the webhook itself. Thin: every decision is in `core.webhook`.

The answers Meta gets: 200 when every event is stored, or when an authentic body is about something we do not know;
403 for a signature that does not hold; 400 for an authentic body that is no JSON; 413 above the size limit; 503 when
the store cannot keep the promise, so that Meta comes again.
"""

import time

from aiohttp import web
from pydantic import SecretStr

from relay.core.errors import BadSignature, ChallengeRefused, MalformedBody, StoreUnavailable
from relay.core.webhook import KNOWN_OBJECTS, MAX_BODY_BYTES, SIGNATURE_HEADER, answer_challenge, verify_signature
from relay.engine import metrics
from relay.engine.intake import Accepted, Intake
from shared.logs import get_logger
from shared.web import RequestRefused, json_error, read_body

log = get_logger(__name__)

WEBHOOK_PATH = "/facebook/webhook"
RETRY_AFTER_S = 2

_ACCEPTED = metrics.WEBHOOKS.labels("accepted")  # looked up once, as every webhook counts here


class FacebookRoutes:
    """The routes that Meta calls."""

    def __init__(self, intake: Intake, *, app_secret: SecretStr, verify_token: SecretStr) -> None:
        self._intake = intake
        self._app_secret = app_secret
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
        started = time.perf_counter()
        try:
            body = await read_body(request, limit=MAX_BODY_BYTES)
            verify_signature(request.headers.get(SIGNATURE_HEADER), body, app_secret=self._app_secret)
            accepted = await self._intake.accept(body)
        except RequestRefused as error:
            return _refuse(error.status, error.code, error.message)
        except BadSignature as error:
            return _refuse(403, "bad_signature", str(error))
        except MalformedBody as error:
            return _refuse(400, "malformed", str(error))
        except StoreUnavailable as error:
            return _refuse(503, "unavailable", "events cannot be stored now", cause=str(error))
        _count(accepted, time.perf_counter() - started)
        return web.Response(text="ok")


def _refuse(status: int, code: str, message: str, *, cause: str = "") -> web.Response:
    metrics.WEBHOOKS.labels(code).inc()
    log.warning("webhook_refused", status=status, reason=code, detail=cause or message)
    answer = json_error(status, code, message)
    if status == web.HTTPServiceUnavailable.status_code:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _count(accepted: Accepted, seconds: float) -> None:
    known = accepted.object in KNOWN_OBJECTS
    (_ACCEPTED if known else metrics.WEBHOOKS.labels("unknown_object")).inc()
    if not known:
        log.warning("webhook_of_unknown_object", object=accepted.object[:40])
    metrics.EVENTS_ACCEPTED.inc(accepted.events)
    if accepted.unclaimed:
        metrics.EVENTS_UNCLAIMED.inc(accepted.unclaimed)
    if accepted.odd:
        metrics.ENTRIES_ODD.inc(accepted.odd)
    metrics.ACCEPT_SECONDS.observe(seconds)
