"""What a browser asks for while its person connects pages: `engine.connecting` decides, `web.connect_pages` shows.

GET  /facebook/connect/{ticket}         the link: what it is for, and a button
POST /facebook/connect/{ticket}         the button: off to Facebook, with a cookie
GET  /facebook/callback                 back from Facebook
GET  /facebook/connect/{session}/pages  the choice
POST /facebook/connect/{session}/pages  the pages that were ticked
GET  /facebook/connect/{session}/again  off to Facebook once more
GET  /facebook/connect/style.css

The rule: nothing here answers anything but a page, whatever comes. No address holds a ticket but the link itself.
"""

import hmac
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from pydantic import SecretStr

from relay.core.connecting import ticket
from relay.core.connecting.dialog import CALLBACK_PATH, read_answer_of_dialog
from relay.core.connecting.refusals import ConnectRefused, Reason
from relay.core.errors import StoreUnavailable
from relay.engine.connecting import CONNECT_PATH, Connecting, Departure
from relay.web import connect_pages
from relay.web.connect_cookie import drop_cookie, form_token, read_cookie, set_cookie
from relay.web.html import HEADERS, STYLE_PATH, style
from shared.errors import VaultError
from shared.logs import get_logger
from shared.web import Handler, RequestRefused, read_body

log = get_logger(__name__)

MAX_FORM_BYTES = 64 * 1024
"""Room for a thousand ticked pages."""
MAX_FIELDS = 2000
OUR_OWN = frozenset({"", "same-origin", "none"})
"""What browsers say of where a form was sent from (`Sec-Fetch-Site`); older ones say nothing."""


class ConnectRoutes:
    """The routes of browsers."""

    def __init__(self, connecting: Connecting) -> None:
        self._connecting = connecting

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        session = f"{CONNECT_PATH}/{{session:{ticket.PATTERN}}}"
        add = app.router.add_get
        add(STYLE_PATH, self.style, allow_head=False)
        add(CALLBACK_PATH, _as_page(self.come_back), allow_head=False)
        add(session + "/pages", _as_page(self.choice), allow_head=False)
        add(session + "/again", _as_page(self.open_again), allow_head=False)
        app.router.add_post(session + "/pages", _as_page(self.choose))
        # A link that was cut short is to be explained as well.
        add(CONNECT_PATH + "/{ticket}", _as_page(self.welcome), allow_head=False)
        app.router.add_post(CONNECT_PATH + "/{ticket}", _as_page(self.open))

    async def style(self, _request: web.Request) -> web.Response:
        """Hand out the style sheet."""
        return style()

    async def welcome(self, request: web.Request) -> web.Response:
        """Say what a link is for: a program that looks at it for a preview uses nothing up."""
        link = SecretStr(request.match_info["ticket"])
        cookie = read_cookie(request, ticket.ticket_id(link))
        return connect_pages.welcome_page(await self._connecting.welcome(link, browser=cookie))

    async def open(self, request: web.Request) -> web.Response:
        """Follow a link. Its form needs no secret of its own: whoever could forge it has the link."""
        _check_sender(request)
        link = SecretStr(request.match_info["ticket"])
        cookie = read_cookie(request, ticket.ticket_id(link))
        return _depart(await self._connecting.open(link, browser=cookie))

    async def open_again(self, request: web.Request) -> web.Response:
        """Log in once more."""
        session = request.match_info["session"]
        return _depart(await self._connecting.open_again(session, browser=read_cookie(request, session)))

    async def come_back(self, request: web.Request) -> web.Response:
        """Take Facebook's answer."""
        answer = read_answer_of_dialog(request.query)
        if answer is None:
            raise ConnectRefused(Reason.FORGED)
        session = answer.state.session_id
        await self._connecting.come_back(answer, browser=read_cookie(request, session))
        return _redirect(HTTPStatus.SEE_OTHER, f"{CONNECT_PATH}/{session}/pages")

    async def choice(self, request: web.Request) -> web.Response:
        """Show the pages."""
        session = request.match_info["session"]
        cookie = read_cookie(request, session)
        choice = await self._connecting.choice(session, browser=cookie)
        own = f"{CONNECT_PATH}/{session}"
        return connect_pages.choice_page(
            choice, action=f"{own}/pages", form_token=form_token(cookie), again=f"{own}/again"
        )

    async def choose(self, request: web.Request) -> web.Response:
        """Connect what was ticked."""
        session = request.match_info["session"]
        cookie = read_cookie(request, session)
        ticked = await _ticked(request, cookie)
        outcome = await self._connecting.choose(session, ticked, browser=cookie)
        response = connect_pages.outcome_page(outcome)
        drop_cookie(response, session)
        return response


def _depart(departure: Departure) -> web.Response:
    response = _redirect(HTTPStatus.SEE_OTHER, departure.dialog_address)
    set_cookie(response, departure.session_id, departure.browser)
    return response


def _redirect(status: HTTPStatus, address: str) -> web.Response:
    headers = {**HEADERS, "Location": address}
    return web.Response(status=status, headers=headers)


async def _ticked(request: web.Request, cookie: str) -> tuple[str, ...]:
    """Read the form. Raises ConnectRefused for one that is not ours, or not ours any more."""
    try:
        body = await read_body(request, limit=MAX_FORM_BYTES)
        fields = parse_qs(body.decode("ascii"), max_num_fields=MAX_FIELDS, strict_parsing=bool(body))
    except (RequestRefused, ValueError):
        raise ConnectRefused(Reason.BAD_FORM) from None
    if not cookie:
        raise ConnectRefused(Reason.OTHER_BROWSER)
    offered = fields.get("token", [""])[0]
    is_ours = hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), form_token(cookie).encode())
    if not is_ours:
        raise ConnectRefused(Reason.BAD_FORM)
    _check_sender(request)
    return tuple(dict.fromkeys(fields.get("page", [])))


def _check_sender(request: web.Request) -> None:
    """Raise ConnectRefused where a browser says that another site's page sent the form.

    Our own pages tell nobody where they are (Referrer-Policy), so that browsers give their origin as null.
    """
    origin = request.headers.get("Origin", "null")
    is_ours = origin == "null" or urlsplit(origin).netloc == request.host
    if not is_ours or request.headers.get("Sec-Fetch-Site", "") not in OUR_OWN:
        raise ConnectRefused(Reason.BAD_FORM)


def _as_page(handler: Handler) -> Handler:
    """Answer refusals with a page."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConnectRefused as refused:
            return _refuse(refused)
        except StoreUnavailable as error:
            return _refuse(ConnectRefused(Reason.STORE), cause=str(error))
        except VaultError as error:
            return _refuse(ConnectRefused(Reason.EXPIRED), cause=str(error))

    return answered


def _refuse(refused: ConnectRefused, *, cause: str = "") -> web.Response:
    """Say why on a page; `cause` is for the log alone."""
    log.info("connect_refused", reason=refused.reason.name.lower(), cause=cause)
    again = f"{CONNECT_PATH}/{refused.session_id}/again" if refused.session_id else ""
    return connect_pages.refusal_page(refused, again=again)
