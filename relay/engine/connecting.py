"""Connecting pages in the browser: a link, a login at Facebook, a choice. The states: `core.connecting.session`.

Three secrets hold it together. The *ticket* in the link says for which site; it is given to the site (or the relay's
operator) alone. The *cookie* binds the session to the browser that opened the link. The *login* in the dialog's `state`
binds Facebook's answer to the dialog that this browser was sent to. Each works once; none is kept, but its hash.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from relay.core.connecting.dialog import LoginAnswer, LoginApp, LoginState, dialog_address
from relay.core.connecting.listing import ListedPage
from relay.core.connecting.refusals import ConnectRefused, Reason
from relay.core.connecting.return_to import check_return_to
from relay.core.connecting.session import Session, Stage
from relay.core.connecting.ticket import TICKET_TTL_S, base64url, says_it_ended, ticket_id
from relay.core.errors import FacebookRefused, FacebookUnreachable, PageTaken, StoreUnavailable
from relay.core.site import Site
from relay.engine.connect_sessions import ConnectSessions, Random
from relay.engine.facebook_login import FacebookLogin, Login
from relay.engine.page_connection import Connection
from shared.errors import UserError, VaultError
from shared.logs import get_logger

log = get_logger(__name__)

CONNECT_PATH = "/facebook/connect"
SECRET_BYTES = 32
UNCERTAIN = (
    "It is not certain whether it was connected, as the relay could not reach its own memory. Ask for a new link in a"
    " minute and connect it once more: nothing is done twice."
)
AT_ONCE = 4
"""Pages that are connected at a time: each takes Facebook two calls."""


class PageConnecting(Protocol):
    """`engine.page_connection.PageConnection`, as far as it is needed here."""

    async def connect(self, page_id: str, site: str, token: SecretStr, *, connected_by: str = "") -> Connection:
        """Subscribe and bind a page, and give its site the token. Raises UserError, StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link for a browser."""

    url: SecretStr
    """Whoever opens it first may connect pages to the site."""
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a person is told before they log in."""

    site: str
    site_url: str
    """So that they can see whose link they followed."""
    dialog_sources: str
    """Where the login takes their browser."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A browser on its way to Facebook."""

    session_id: str
    browser: str
    """The cookie that it must bring back."""
    dialog_address: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person may choose from."""

    site: str
    pages: Sequence[ListedPage]
    connected: Collection[str]
    """Ids of pages that are this site's already."""
    taken: Collection[str]
    """Ids of pages that are another site's."""
    incomplete: bool


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What came of one page."""

    name: str
    trouble: str = ""
    """Why it is not connected, in words for the person; empty where it is."""
    waiting_events: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the choice."""

    site: str
    return_to: str
    pages: Sequence[PageOutcome]


class Connecting:
    """The use cases behind the link."""

    def __init__(
        self,
        app: LoginApp,
        sessions: ConnectSessions,
        login: FacebookLogin,
        pages: PageConnecting,
        *,
        find_site: Callable[[str], Awaitable[Site]],
        owners: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]],
        random: Random = secrets.token_bytes,
    ) -> None:
        """`find_site` raises SiteNotFound, StoreUnavailable; `owners` tells the sites of pages."""
        self._app = app
        self._sessions = sessions
        self._login = login
        self._pages = pages
        self._find_site = find_site
        self._owners = owners
        self._random = random

    async def invite(self, site: str, *, return_to: str = "") -> Invitation:
        """Make a link. Raises UserError where there is no such site, or it may not lead there; StoreUnavailable."""
        if not self._app.public_url:
            raise UserError(
                "pages cannot be connected in the browser: the relay's operator has to set RELAY_PUBLIC_URL, and to"
                " enter it with /facebook/callback in Meta's dashboard (Facebook Login → Valid OAuth Redirect URIs)"
            )
        found = await self._find_site(site)
        back = check_return_to(return_to, site_url=found.url)
        expires_at_ms = self._sessions.now_ms + TICKET_TTL_S * 1000
        ticket = await self._sessions.issue(Session(site, back, expires_at_ms))
        log.info("connect_link_made", site=site)
        url = f"{self._app.public_url}{CONNECT_PATH}/{ticket.get_secret_value()}"
        return Invitation(SecretStr(url), expires_at_ms)

    async def welcome(self, ticket: SecretStr, *, browser: str) -> Welcome:
        """Look at a link and change nothing, as programs that show previews do so before the person.

        `browser` is the cookie that came along, if any. Raises ConnectRefused, StoreUnavailable.
        """
        kept = await self._sessions.find(ticket_id(ticket), otherwise=self._without_session(ticket))
        kept.session.check_link(browser, now_ms=self._sessions.now_ms)
        try:
            site = await self._find_site(kept.session.site)
        except UserError:
            raise ConnectRefused(Reason.UNKNOWN) from None  # removed since the link was made
        return Welcome(site.name, site.url, self._app.dialog_sources)

    async def open(self, ticket: SecretStr, *, browser: str) -> Departure:
        """Follow a link; `browser` is the cookie that came along, if any. Raises ConnectRefused, StoreUnavailable."""
        reason = self._without_session(ticket)
        return await self._depart(ticket_id(ticket), browser or self._secret(), otherwise=reason, again=False)

    async def open_again(self, session_id: str, *, browser: str) -> Departure:
        """Try once more in the same browser. Raises ConnectRefused, StoreUnavailable."""
        kept = await self._sessions.find(session_id, otherwise=Reason.EXPIRED)
        kept.session.check_browser(browser, now_ms=self._sessions.now_ms)
        return await self._depart(session_id, browser, otherwise=Reason.EXPIRED, again=True)

    async def come_back(self, answer: LoginAnswer, *, browser: str) -> None:
        """Take Facebook's answer: from now on the person chooses. Raises ConnectRefused, StoreUnavailable."""
        session_id = answer.state.session_id
        unknown = Reason.EXPIRED if browser else Reason.OTHER_BROWSER
        kept = await self._sessions.find(session_id, otherwise=unknown)
        returned = kept.session.returned(browser=browser, login=answer.state.login, now_ms=self._sessions.now_ms)
        await self._sessions.replace(session_id, kept.version, returned)
        login = await self._complete(answer)
        log.info("login_completed", site=returned.site, pages=len(login.pages))
        try:
            await self._list(session_id, login)
        except StoreUnavailable as error:  # the answer is used up: only another login goes on
            log.warning("login_not_kept", site=returned.site, reason=str(error))
            raise ConnectRefused(Reason.INTERRUPTED, session_id=session_id) from None

    async def _list(self, session_id: str, login: Login) -> None:
        kept = await self._sessions.find(session_id, otherwise=Reason.EXPIRED)
        now_ms = self._sessions.now_ms
        listed = kept.session.listed(login.pages, person=login.person, incomplete=login.incomplete, now_ms=now_ms)
        await self._sessions.replace(session_id, kept.version, listed)

    async def choice(self, session_id: str, *, browser: str) -> Choice:
        """Return what to choose from. Raises ConnectRefused, StoreUnavailable."""
        kept = await self._sessions.find(session_id, otherwise=Reason.EXPIRED)
        session = kept.session
        session.check_browser(browser, now_ms=self._sessions.now_ms)
        if session.stage is not Stage.CHOOSING:
            raise ConnectRefused(Reason.USED)
        owners = await self._owners([page.id for page in session.pages])
        connected = {page for page, site in owners.items() if site == session.site}
        return Choice(session.site, session.pages, connected, set(owners) - connected, session.incomplete)

    async def choose(self, session_id: str, ticked: Collection[str], *, browser: str) -> Outcome:
        """Connect what was ticked of what was listed. Raises ConnectRefused, StoreUnavailable."""
        kept = await self._sessions.find(session_id, otherwise=Reason.EXPIRED)
        session = kept.session
        done = session.chosen(browser=browser, now_ms=self._sessions.now_ms)
        pages = {page.id: page for page in session.pages if not page.lacks}
        if not set(ticked) <= set(pages):
            log.warning("page_not_listed", site=session.site)
            raise ConnectRefused(Reason.BAD_FORM)
        await self._sessions.replace(session_id, kept.version, done)
        free = asyncio.Semaphore(AT_ONCE)
        outcomes = [self._connect(pages[page_id], session, free) for page_id in ticked]
        return Outcome(session.site, session.return_to, await asyncio.gather(*outcomes))

    def _without_session(self, ticket: SecretStr) -> Reason:
        ended = says_it_ended(ticket, now_s=self._sessions.now_ms / 1000)
        return Reason.EXPIRED if ended else Reason.UNKNOWN

    async def _depart(self, session_id: str, browser: str, *, otherwise: Reason, again: bool) -> Departure:
        kept = await self._sessions.find(session_id, otherwise=otherwise)
        state = LoginState(session_id, self._secret())
        opened = kept.session.opened(browser=browser, login=state.login, now_ms=self._sessions.now_ms)
        await self._sessions.replace(session_id, kept.version, opened)
        return Departure(session_id, browser, dialog_address(self._app, state, again=again))

    async def _complete(self, answer: LoginAnswer) -> Login:
        """Return a login with pages. Raises ConnectRefused with the session that may be tried again."""
        session_id = answer.state.session_id
        if not answer.code:
            reason = Reason.DECLINED if answer.declined else Reason.UNREACHABLE
            raise ConnectRefused(reason, session_id=session_id)
        try:
            login = await self._login.complete(answer.code)
        except FacebookUnreachable as error:
            log.warning("login_failed", reason=str(error))
            raise ConnectRefused(Reason.UNREACHABLE, session_id=session_id) from None
        except FacebookRefused as error:
            log.warning("login_failed", reason=str(error))
            raise ConnectRefused(Reason.REFUSED, session_id=session_id, details=(str(error),)) from None
        if login.missing:
            raise ConnectRefused(Reason.NOT_ALLOWED, session_id=session_id, details=login.missing)
        if not login.pages:
            raise ConnectRefused(Reason.NO_PAGES, session_id=session_id)
        return login

    async def _connect(self, page: ListedPage, session: Session, free: asyncio.Semaphore) -> PageOutcome:
        async with free:
            try:
                made = await self._pages.connect(page.id, session.site, page.token, connected_by=session.person)
            except (StoreUnavailable, VaultError) as error:  # what was begun may have been done
                log.warning("page_perhaps_connected", page=page.id, site=session.site, reason=str(error))
                return PageOutcome(page.name, UNCERTAIN)
            except UserError as error:
                log.warning("page_not_connected", page=page.id, site=session.site, reason=str(error))
                return PageOutcome(page.name, _trouble(error))
        return PageOutcome(page.name, waiting_events=made.waiting_events)

    def _secret(self) -> str:
        return base64url(self._random(SECRET_BYTES))


def _trouble(error: UserError) -> str:
    """Say to the person what went wrong; an operator's sentence may name another site, and stays in the log."""
    if isinstance(error, PageTaken):
        return "It is connected to another site of this service. It has to be disconnected there first."
    if isinstance(error, FacebookRefused | FacebookUnreachable):
        return f"{error}."
    return "It could not be connected just now. Ask for a new link and try again."
