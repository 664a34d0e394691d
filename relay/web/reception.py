"""Takes one webhook, however it came in, and says what Meta is answered.

The answers: 200 when every event is stored, or when an authentic body is about something we do not know; 403 for a
signature that does not hold; 400 for an authentic body that is no JSON; 503 when the store cannot keep the promise, so
that Meta comes again.
"""

import time
from http import HTTPStatus

from pydantic import SecretStr

from relay.core.errors import BadSignature, MalformedBody, StoreUnavailable
from relay.core.webhook import KNOWN_OBJECTS, verify_signature
from relay.engine import metrics
from relay.engine.intake import Accepted, Intake
from relay.web.answer import ACCEPTED, Answer
from shared.logs import get_logger

log = get_logger(__name__)

BUSY = (HTTPStatus.SERVICE_UNAVAILABLE, "busy", "too many bodies are being read just now; come again")
"""The refusal of what has no room while it is read."""

_ACCEPTED = metrics.WEBHOOKS.labels(ACCEPTED.code)  # looked up once, as every webhook counts here


class Reception:
    """The webhook, whatever brought it."""

    def __init__(self, intake: Intake, *, app_secret: SecretStr) -> None:
        self._intake = intake
        self._app_secret = app_secret

    async def take(self, signature: str | None, body: bytes) -> Answer:
        """Take a body with the value of its signature header. Never raises."""
        started = time.perf_counter()
        try:
            verify_signature(signature, body, app_secret=self._app_secret)
            accepted = await self._intake.accept(body)
        except BadSignature as error:
            return refuse(HTTPStatus.FORBIDDEN, "bad_signature", str(error))
        except MalformedBody as error:
            return refuse(HTTPStatus.BAD_REQUEST, "malformed", str(error))
        except StoreUnavailable as error:
            message = "events cannot be stored now"
            return refuse(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message, cause=str(error))
        except Exception:
            log.exception("webhook_failed")
            return refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the request failed inside the server")
        _count(accepted, time.perf_counter() - started)
        return ACCEPTED


def refuse(status: int, code: str, message: str, *, cause: str = "") -> Answer:
    """Count and log a refusal; `cause` is for the log alone."""
    metrics.WEBHOOKS.labels(code).inc()
    log.warning("webhook_refused", status=int(status), reason=code, detail=cause or message)
    return Answer(status, code, message)


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
