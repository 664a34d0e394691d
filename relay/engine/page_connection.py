"""Connecting a page with its token: Meta is told to send its events, it is bound, and its site is given the token.

The order is such that whatever fails leaves nothing behind that misleads, and that doing it again goes on: Meta's
subscription first, as it alone can be refused; then the relay's own record and the binding; the site's copy last, when
everything it needs is there. Disconnecting goes the other way: the site is told while its outbox still takes the page.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from relay.core.errors import FacebookRefused, FacebookUnreachable, PageNotBound
from relay.core.page import ConnectedPage, PersonsPage, TokenOwner
from relay.core.site import Site, check_page_id
from relay.core.webhook import Incoming
from relay.engine.handover import HandedOver
from relay.engine.page_notices import connected, disconnected
from relay.engine.rebinding import Rebinding
from shared.clock import Clock
from shared.errors import UserError, VaultError
from shared.logs import get_logger
from shared.names import is_page_id

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


class Swap(NamedTuple):
    """A record that took another one's place; each as it is kept."""

    before: bytes | None
    after: bytes


class PageStore(Protocol):
    """Where connected pages are kept; every method raises StoreUnavailable."""

    async def save(self, page: ConnectedPage) -> Swap:
        """Keep a page, in place of what was kept of it."""

    async def undo(self, page_id: str, swap: Swap) -> None:
        """Keep again what was kept before, unless somebody else has written since."""

    async def find(self, page_id: str) -> ConnectedPage | None:
        """Return what is kept of a page."""

    async def forget(self, page_id: str) -> None:
        """Keep nothing of a page."""

    async def forget_connection(self, page: ConnectedPage) -> bool:
        """Do the same unless it was connected anew, or handed over, since it was read; returns whether it was not."""

    async def of_person(self, user_id: str) -> Sequence[PersonsPage]:
        """Return the pages that a person connected and nobody since, by page; `user_id` is not empty."""


GIVEN_BACK = "this site gave the page back"
"""Told to a site behind the last that it was sent for the page."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A page that was connected just now."""

    name: str
    bound: HandedOver

    @property
    def waiting_events(self) -> int:
        """How many its site gets that waited for it."""
        return self.bound.waiting_events


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

    async def bind(self, page_id: str, site: str, *, move: bool = False) -> HandedOver:
        """Bind a page without a token; `move` takes it over from another site, with the token that the relay has of it.

        See `Rebinding.bind` and `Rebinding.move`.
        """
        if move:
            return await self._bindings.move(page_id, site)
        return HandedOver("", await self._bindings.bind(page_id, site), 0, has_token=False)

    async def connect(
        self, page_id: str, site: str, token: SecretStr, *, connected_by: str = "", move: bool = False
    ) -> Connection:
        """Subscribe and bind a page, and give its site the token; `move` takes it over from another site.

        `connected_by`: see `ConnectedPage.connected_by`.

        Raises UserError for a token that is refused or another page's, for a page of another site, or when Facebook
        cannot be reached; StoreUnavailable.
        """
        owner = await self._graph.owner_of(token)
        if owner.id != check_page_id(page_id):
            whose = f"{owner.id} ({owner.name})" if owner.name else owner.id
            raise UserError(f"this token belongs to {whose}: take the token of page {page_id} itself")
        found = await self._find_site(site)
        if not move:
            await self._bindings.check(page_id, site)
        await self._graph.subscribe(page_id, token)
        still_at = await self._bindings.find(page_id) or site  # the move itself notes whose it is then
        now_ms = round(self._clock() * 1000)
        page = ConnectedPage(page_id, still_at, owner.name, token, now_ms, connected_by)
        swap = await self._pages.save(page)
        try:
            bound = await self.bind(page_id, site, move=move)
        except UserError:  # another site was faster: its page must not be kept with this token and this person
            await self._pages.undo(page_id, swap)
            raise
        if not bound.has_token:
            await self._hand_over(page, found)
        log.info("page_connected", page=page_id, site=site)
        return Connection(owner.name, bound._replace(has_token=True))

    async def disconnect(self, page_id: str, *, reason: str) -> Disconnection:
        """Tell the site, unbind the page and end its subscription.

        Raises PageNotBound, UserError while another change of the page is under way, StoreUnavailable.
        """
        site = await self._bindings.owner(page_id)
        await self._append(site, [disconnected(page_id, reason)])
        await self._bindings.unbind(page_id)
        return Disconnection(site, await self.release(page_id))

    async def give_back(self, page_id: str, site: str) -> Disconnection:
        """Do the same for a site that asks for it itself: only its own page, also one that goes elsewhere meanwhile.

        Asked again after an interruption it goes on. Raises PageNotBound for any page that is not the site's, whoever's
        it is; UserError while another change of the page is under way, StoreUnavailable.
        """
        if not is_page_id(page_id):
            raise PageNotBound(page_id)
        owner, kept = await self._bindings.find(page_id), await self._kept(page_id)
        if owner == site:
            await self._append(site, [disconnected(page_id, GIVEN_BACK)])
            await self._bindings.unbind(page_id, only_from=site)
        elif owner is not None or kept is None or kept.site != site:
            raise PageNotBound(page_id)
        return Disconnection(site, await self.release(page_id, only_of=site))

    async def abandon(self, page_id: str, site: str) -> str:
        """End a page of a site that is being removed and is told nothing any more; another site's page is left alone.

        Returns what `release` does. Raises UserError while another change of the page is under way, StoreUnavailable.
        """
        owner = await self._bindings.find(page_id)
        if owner is not None and owner != site:
            return ""
        if owner is not None:
            await self._bindings.unbind(page_id)
        return await self.release(page_id)

    async def release(self, page_id: str, *, only_of: str = "") -> str:
        """End the subscription of a page that is bound no more, and forget its token. Raises StoreUnavailable.

        Where `only_of` names a site, another one's page is left alone. Returns why Meta goes on sending its events;
        empty where it does not, or where nobody gave us its token.
        """
        try:
            page = await self._pages.find(page_id)
        except VaultError as error:  # what nobody can open any more is forgotten all the same
            await self._pages.forget(page_id)
            return str(error)
        if page is None or only_of not in {"", page.site}:
            return ""
        trouble = await self._unsubscribe(page)
        if not await self._pages.forget_connection(page):
            await self._subscribe_again(page_id)
        return trouble

    async def _kept(self, page_id: str) -> ConnectedPage | None:
        """Return what is kept of a page and can be read."""
        try:
            return await self._pages.find(page_id)
        except VaultError:
            return None

    async def _subscribe_again(self, page_id: str) -> None:
        """Mend what ending the earlier connection did to the one that somebody made meanwhile; else an audit does."""
        page = await self._kept(page_id)
        try:
            if page is not None:
                await self._graph.subscribe(page_id, page.token)
        except (FacebookRefused, FacebookUnreachable) as error:
            log.warning("page_not_subscribed_again", page=page_id, reason=str(error))

    async def _hand_over(self, page: ConnectedPage, site: Site) -> None:
        if await self._append(site.name, [connected(page, site, self._graph.proof_of(page.token))]):
            raise UserError(f"page {page.page_id} is just being moved; connect it once more")

    async def _unsubscribe(self, page: ConnectedPage) -> str:
        """End the subscription if that can be done; a token that is dead by now keeps nobody from unbinding."""
        try:
            await self._graph.unsubscribe(page.page_id, page.token)
        except (FacebookRefused, FacebookUnreachable) as error:
            log.warning("page_still_subscribed", page=page.page_id, reason=str(error))
            return str(error)
        return ""
