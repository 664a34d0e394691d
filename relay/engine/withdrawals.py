"""A person takes back what they allowed: at Facebook they removed the app, or asked for their data to be deleted.

Both end what the person connected. Their tokens are dead by then, so a page of theirs could only look connected: its
binding ends, its site is told why, and the token is forgotten. What customers wrote stands at the sites and is not the
relay's; nor is that person a customer (docs/meta-app.md, docs/decisions/0030).

The rule: a request reaches only what was connected before it was made. So one that comes again, late or replayed, does
nothing to a page that its person has connected anew.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

from relay.core.deletion import Receipt, code_of
from relay.core.errors import PageNotBound, WithdrawalUnfinished
from relay.core.page import PersonsPage
from relay.core.signed_request import SignedRequest
from relay.engine.page_connection import Disconnection
from shared.clock import Clock
from shared.errors import UserError
from shared.logs import get_logger

log = get_logger(__name__)

AT_ONCE = 4
"""Pages that are ended at a time: each takes Facebook a call, and Meta waits for the answer."""
REMOVED = "the person who connected this page has removed the app at Facebook; connect the page again to go on"
DELETED = "the person who connected this page has had their data deleted at the relay; connect the page again to go on"


class Disconnecting(Protocol):
    """`engine.page_connection.PageConnection`, as far as it is needed here."""

    async def disconnect(self, page_id: str, *, reason: str) -> Disconnection:
        """Tell the site, unbind the page and end its subscription.

        Raises PageNotBound, UserError while another change of the page is under way, StoreUnavailable.
        """

    async def release(self, page_id: str) -> str:
        """End the subscription of a page that is bound no more, and forget its token. Raises StoreUnavailable."""


class PersonsPages(Protocol):
    """`engine.page_connection.PageStore`, as far as it is needed here."""

    async def of_person(self, user_id: str) -> Sequence[PersonsPage]:
        """Return the pages that a person connected and nobody since. Raises StoreUnavailable."""


class PersonsLogins(Protocol):
    """Where logins under way are kept."""

    async def forget_person(self, user_id: str) -> None:
        """Keep no login of a person. Raises StoreUnavailable."""


class ReceiptStore(Protocol):
    """Where receipts are kept, each for RECEIPT_TTL_S; every method raises StoreUnavailable."""

    async def keep(self, receipt: Receipt) -> None:
        """Keep one, in place of an earlier one of the same code."""

    async def find(self, code: str) -> Receipt | None:
        """Return what is kept."""


class Withdrawals:
    """The use cases behind Meta's two callbacks about a person."""

    def __init__(
        self,
        connection: Disconnecting,
        pages: PersonsPages,
        logins: PersonsLogins,
        receipts: ReceiptStore,
        *,
        app_secret: SecretStr,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._pages = pages
        self._logins = logins
        self._receipts = receipts
        self._app_secret = app_secret
        self._clock = clock

    async def deauthorize(self, request: SignedRequest) -> int:
        """End what a person connected who removed the app; returns how many pages that were.

        Raises WithdrawalUnfinished and StoreUnavailable: the same request, made again, goes on.
        """
        return await self._end(request, REMOVED)

    async def erase(self, request: SignedRequest) -> Receipt:
        """Delete what the relay holds of a person; the receipt can be looked at from then on.

        Raises WithdrawalUnfinished and StoreUnavailable: nothing is confirmed that is not done.
        """
        await self._end(request, DELETED)
        receipt = Receipt(code_of(request, app_secret=self._app_secret), round(self._clock() * 1000))
        await self._receipts.keep(receipt)
        return receipt

    async def receipt(self, code: str) -> Receipt | None:
        """Return the receipt of a code, if there is one. Raises StoreUnavailable."""
        return await self._receipts.find(code)

    async def _end(self, request: SignedRequest, reason: str) -> int:
        await self._logins.forget_person(request.user_id)
        pages = [page for page in await self._pages.of_person(request.user_id) if not _is_newer(page, request)]
        room = asyncio.Semaphore(AT_ONCE)

        async def end(page: PersonsPage) -> bool:
            async with room:
                return await self._end_page(page.page_id, reason)

        # All of them are tried whatever becomes of one; then the first trouble is the answer.
        outcomes = await asyncio.gather(*map(end, pages), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        if not all(outcomes):
            raise WithdrawalUnfinished("a page of this person is just being changed; come again in some seconds")
        return len(pages)

    async def _end_page(self, page_id: str, reason: str) -> bool:
        """End one page; False when somebody is just changing it."""
        try:
            await self._connection.disconnect(page_id, reason=reason)
        except PageNotBound:  # an earlier attempt came so far, or an operator unbound it meanwhile
            await self._connection.release(page_id)
        except UserError as error:
            log.warning("page_not_ended", page=page_id, reason=str(error))
            return False
        log.info("page_ended_by_its_person", page=page_id)
        return True


def _is_newer(page: PersonsPage, request: SignedRequest) -> bool:
    """Whether a page was connected after the request was made, which says the second only.

    By when its person gave the token: that an operator handed the page over since gives it nobody's consent anew.
    """
    return request.issued_at_s is not None and page.connected_at_ms // 1000 > request.issued_at_s
