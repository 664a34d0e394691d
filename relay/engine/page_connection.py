"""Connecting a page with its token: Meta is told to send its events, it is bound, and its site is given the token.

The order is such that whatever fails leaves nothing behind that misleads, and that doing it again goes on: Meta's
subscription first, as it alone can be refused; then the relay's own record and the binding; the site's copy last, when
everything it needs is there. Disconnecting goes the other way: the site is told while its outbox still takes the page.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from relay.core.errors import FacebookRefused, FacebookUnreachable
from relay.core.page import ConnectedPage, PersonsPage, TokenOwner
from relay.core.site import Site, check_page_id
from relay.core.webhook import Incoming
from relay.engine.rebinding import Rebinding
from shared import page_events
from shared.clock import Clock
from shared.errors import UserError, VaultError
from shared.logs import get_logger
from shared.page_events import PageConnected, PageDisconnected
from shared.page_token import PageToken, seal

log = get_logger(__name__)

Append = Callable[[str, Sequence[Incoming]], Awaitable[Sequence[int]]]
"""Appends to an outbox; returns the indices of events it refused. Raises StoreUnavailable."""


class Graph(Protocol):
    """What is asked of Meta; every method raises FacebookRefused and FacebookUnreachable."""

    def proof_of(self, token: SecretStr) -> SecretStr:
        """Prove that whoever shows this token is this app; raises nothing."""

    async def owner_of(self, token: SecretStr) -> TokenOwner:
        """Ask whose token it is."""

    async def subscribe(self, page_id: str, token: SecretStr) -> None:
        """Have a page's events sent to this app."""

    async def unsubscribe(self, page_id: str, token: SecretStr) -> None:
        """End that."""


class PageStore(Protocol):
    """Where connected pages are kept; every method raises StoreUnavailable."""

    async def save(self, page: ConnectedPage) -> None:
        """Keep a page, in place of what was kept of it."""

    async def find(self, page_id: str) -> ConnectedPage | None:
        """Return what is kept of a page."""

    async def forget(self, page_id: str) -> None:
        """Keep nothing of a page."""

    async def of_person(self, user_id: str) -> Sequence[PersonsPage]:
        """Return the pages that a person connected and nobody since, by page; `user_id` is not empty."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A page that was connected just now."""

    name: str
    waiting_events: int
    """How many its site gets that waited for it."""


@dataclass(frozen=True, slots=True)
class Disconnection:
    """A page that was disconnected just now."""

    site: str
    still_subscribed: str
    """Why Meta goes on sending its events; empty where it does not, or where nobody gave us its token."""


class PageConnection:
    """The use cases behind `relay bind` and `relay unbind`."""

    def __init__(
        self,
        graph: Graph,
        pages: PageStore,
        bindings: Rebinding,
        *,
        find_site: Callable[[str], Awaitable[Site]],
        append: Append,
        clock: Clock,
    ) -> None:
        self._graph = graph
        self._pages = pages
        self._bindings = bindings
        self._find_site = find_site
        self._append = append
        self._clock = clock

    async def bind(self, page_id: str, site: str) -> int:
        """Bind a page without a token; returns how many waiting events its site gets. See `Rebinding.bind`."""
        return await self._bindings.bind(page_id, site)

    async def connect(self, page_id: str, site: str, token: SecretStr, *, connected_by: str = "") -> Connection:
        """Subscribe and bind a page, and give its site the token. `connected_by`: see `ConnectedPage.connected_by`.

        Raises UserError for a token that is refused or another page's, for a page of another site, or when Facebook
        cannot be reached; StoreUnavailable.
        """
        owner = await self._graph.owner_of(token)
        if owner.id != check_page_id(page_id):
            whose = f"{owner.id} ({owner.name})" if owner.name else owner.id
            raise UserError(f"this token belongs to {whose}: take the token of page {page_id} itself")
        found = await self._find_site(site)
        await self._bindings.check(page_id, site)
        await self._graph.subscribe(page_id, token)
        now_ms = round(self._clock() * 1000)
        await self._pages.save(ConnectedPage(page_id, site, owner.name, token, now_ms, connected_by))
        moved = await self._bindings.bind(page_id, site)
        await self._hand_over(page_id, found, owner.name, token)
        log.info("page_connected", page=page_id, site=site)
        return Connection(owner.name, moved)

    async def disconnect(self, page_id: str, *, reason: str) -> Disconnection:
        """Tell the site, unbind the page and end its subscription.

        Raises PageNotBound, UserError while another change of the page is under way, StoreUnavailable.
        """
        site = await self._bindings.owner(page_id)
        event = Incoming(page_id, page_events.KIND_DISCONNECTED, page_events.encode(PageDisconnected(reason)))
        await self._append(site, [event])
        await self._bindings.unbind(page_id)
        return Disconnection(site, await self.release(page_id))

    async def release(self, page_id: str) -> str:
        """End the subscription of a page that is bound no more, and forget its token. Raises StoreUnavailable.

        Returns why Meta goes on sending its events; empty where it does not, or where nobody gave us its token.
        """
        try:
            page = await self._pages.find(page_id)
        except VaultError as error:  # what nobody can open any more is forgotten all the same
            trouble = str(error)
        else:
            trouble = "" if page is None else await self._unsubscribe(page)
        await self._pages.forget(page_id)
        return trouble

    async def _hand_over(self, page_id: str, site: Site, name: str, token: SecretStr) -> None:
        sealed = seal(PageToken(token, self._graph.proof_of(token)), page_id=page_id, secrets=site.secrets)
        event = Incoming(page_id, page_events.KIND_CONNECTED, page_events.encode(PageConnected(name, sealed)))
        if await self._append(site.name, [event]):
            raise UserError(f"page {page_id} is just being moved; connect it once more")

    async def _unsubscribe(self, page: ConnectedPage) -> str:
        """End the subscription if that can be done; a token that is dead by now keeps nobody from unbinding."""
        try:
            await self._graph.unsubscribe(page.page_id, page.token)
        except (FacebookRefused, FacebookUnreachable) as error:
            log.warning("page_still_subscribed", page=page.page_id, reason=str(error))
            return str(error)
        return ""
