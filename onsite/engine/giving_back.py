"""Giving a page back: the relay ends it for this site, and then its channel says so at once.

In this order: the channel says only what is so. What is interrupted in between is asked for again: the relay then has
no such page of ours any more, and the channel is told all the same. History, channel and token stay.
"""

from dataclasses import dataclass
from typing import Protocol

from onsite.core.errors import ChannelNotFound, NotGivenBack
from onsite.core.given_back import REASON, GivenBack
from onsite.core.model import Platform
from onsite.engine.channels import Channel, ChannelRef
from onsite.engine.errors import Unprocessable
from onsite.engine.ports import ChannelStore, ConnectedPages
from shared.logs import get_logger
from shared.names import is_page_id

log = get_logger(__name__)


class TakingBack(Protocol):
    """The relay, as far as it is needed here."""

    async def give_back(self, page_id: str) -> GivenBack:
        """Have it end a page of this site. Raises NotGivenBack."""
        ...


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What came of it."""

    given_back: GivenBack
    channel: Channel | None
    """The page's channel as it is now; None where there is none."""


class GivingBack:
    """The use case behind `onsite disconnect`."""

    def __init__(self, relay: TakingBack | None, pages: ConnectedPages, store: ChannelStore) -> None:
        """`relay` is None where nobody told us its address."""
        self._relay = relay
        self._pages = pages
        self._store = store

    async def disconnect(self, page_id: str) -> Disconnected:
        """Give a page back.

        Raises Unprocessable for what is no page id, ChannelNotFound where neither the relay nor this site knows the
        page, NotGivenBack, StoreUnavailable.
        """
        if not is_page_id(page_id):
            raise Unprocessable("a page is named by its numeric id: `onsite channel list` shows it as PAGE OR BOT")
        if self._relay is None:
            raise NotGivenBack(
                "no relay is set up here that could send anything for a page; `onsite channel remove` erases a page's"
                " token"
            )
        given_back = await self._relay.give_back(page_id)
        await self._pages.page_disconnected(page_id, REASON)
        channel = await self._channel_of(page_id)
        if channel is None and not given_back.was_ours:
            raise ChannelNotFound(
                f"neither this site nor its relay has page {page_id} as this site's: `onsite channel list` shows those"
                " there are"
            )
        log.info("page_given_back", page=page_id, was_ours=given_back.was_ours)
        return Disconnected(given_back, channel)

    async def _channel_of(self, page_id: str) -> Channel | None:
        ref = ChannelRef(Platform.FACEBOOK, page_id)
        return next((channel for channel in await self._store.channels() if channel.ref == ref), None)
