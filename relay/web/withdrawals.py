"""What Meta posts when a person leaves, and the page on which that person sees what became of it.

POST /facebook/deauthorize            form: signed_request → 200
POST /facebook/data-deletion          form: signed_request → {"url", "confirmation_code"}
GET  /facebook/data-deletion/{code}   a page for people

The rule: nothing is looked up before the signature holds, and no answer is kept by a cache.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import SecretStr

from relay.core.deletion import STATUS_PATH, is_code, status_url
from relay.core.errors import BadSignature, MalformedBody, StoreUnavailable, WithdrawalUnfinished
from relay.core.signed_form import MAX_FORM_BYTES, read_signed_form
from relay.core.signed_request import SignedRequest, read_signed_request
from relay.engine import metrics
from relay.engine.withdrawals import Withdrawals
from relay.web.deletion_page import completed_page, later_page, unknown_page
from shared.logs import get_logger
from shared.web import RequestRefused, json_error, read_body

log = get_logger(__name__)

DEAUTHORIZE_PATH = "/facebook/deauthorize"
RETRY_AFTER_S = 10
UNCACHED = {"Cache-Control": "no-store"}

Duty = Callable[[SignedRequest], Awaitable[web.Response]]


class WithdrawalRoutes:
    """The routes about people who leave."""

    def __init__(self, withdrawals: Withdrawals, *, app_secret: SecretStr, public_url: str) -> None:
        """`public_url` is the relay's own; without it nobody can be told where to look."""
        self._withdrawals = withdrawals
        self._app_secret = app_secret
        self._public_url = public_url

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_post(DEAUTHORIZE_PATH, self.deauthorize)
        app.router.add_post(STATUS_PATH, self.delete_data)
        app.router.add_get(STATUS_PATH + "/{code}", self.show)

    async def deauthorize(self, request: web.Request) -> web.Response:
        """End what a person connected who removed the app."""
        return await self._answered("deauthorize", request, self._deauthorize)

    async def delete_data(self, request: web.Request) -> web.Response:
        """Delete a person's data and say where they can see that."""
        return await self._answered("data_deletion", request, self._delete_data)

    async def show(self, request: web.Request) -> web.Response:
        """Show what became of a request."""
        code = request.match_info["code"]
        try:
            receipt = await self._withdrawals.receipt(code) if is_code(code) else None
        except StoreUnavailable as error:
            log.warning("deletion_not_shown", reason=str(error))
            return later_page()
        return unknown_page() if receipt is None else completed_page(receipt)

    async def _deauthorize(self, asked: SignedRequest) -> web.Response:
        ended = await self._withdrawals.deauthorize(asked)
        log.info("person_removed_the_app", pages=ended)
        return web.json_response({}, headers=UNCACHED)

    async def _delete_data(self, asked: SignedRequest) -> web.Response:
        receipt = await self._withdrawals.erase(asked)
        log.info("persons_data_deleted")
        if not self._public_url:
            log.error("deletion_not_confirmed", reason="RELAY_PUBLIC_URL is missing: Meta gets no status page")
            raise RequestRefused(503, "misconfigured", "the data are deleted; the relay does not know its own address")
        url = status_url(self._public_url, receipt.code)
        return web.json_response({"url": url, "confirmation_code": receipt.code}, headers=UNCACHED)

    async def _answered(self, call: str, request: web.Request, duty: Duty) -> web.Response:
        """Do a duty and count what came of it."""
        try:
            form = await read_body(request, limit=MAX_FORM_BYTES)
            answer = await duty(read_signed_request(read_signed_form(form), app_secret=self._app_secret))
        except BadSignature as error:
            return _refuse(call, 403, "bad_signature", str(error))
        except MalformedBody as error:
            return _refuse(call, 400, "malformed", str(error))
        except RequestRefused as error:
            return _refuse(call, error.status, error.code, error.message)
        except WithdrawalUnfinished as error:
            return _refuse(call, 503, "unfinished", str(error))
        except StoreUnavailable as error:
            return _refuse(call, 503, "unavailable", f"Redis cannot be used now: {error}")
        metrics.PERSON_CALLS.labels(call, "done").inc()
        return answer


def _refuse(call: str, status: int, code: str, message: str) -> web.Response:
    metrics.PERSON_CALLS.labels(call, code).inc()
    log.warning("person_call_refused", call=call, status=status, reason=code, detail=message)
    later = {"Retry_After": str(RETRY_AFTER_S)} if status == 503 else {}  # noqa: PLR2004  HTTP's
    return json_error(status, code, message, Cache_Control="no-store", **later)
