"""Reads what a gap holds, one step at a time: all its threads' names first, then thread by thread.

What a step found is stored before the step counts as done; a step that is cut off is done again, and changes nothing
that is there. So whoever reads may be killed at any moment.
"""

from onsite.core.errors import FacebookError
from onsite.core.facebook import backfill
from onsite.core.facebook.conversations import MessagePage
from onsite.engine.backfill_trouble import OF_ONE_THREAD
from onsite.engine.channels import Credentials
from onsite.engine.gaps import Gap, GapStore, ThreadRead
from onsite.engine.inbox import Inbox
from onsite.engine.pace import Pace
from onsite.engine.ports import Conversations
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

MOST_LOOKS = 20
"""How often the front of a list is looked at again: a page where threads move all the time is not read for ever."""


class GapReader:
    """Reads gaps at the pace that Facebook allows."""

    def __init__(
        self, store: GapStore, conversations: Conversations, inbox: Inbox, pace: Pace, *, clock: Clock
    ) -> None:
        self._store = store
        self._clock = clock
        self._conversations = conversations
        self._inbox = inbox
        self._pace = pace

    async def step(self, gap: Gap, credentials: Credentials) -> None:
        """Do what is next. Raises FacebookError, StoreUnavailable."""
        if not gap.listed:
            await self._list(gap, credentials)
            await self._store.listed(gap.id)
        elif (thread_id := await self._store.next_thread(gap.id)) is not None:
            await self._store.finish_thread(gap.id, await self._read(gap, thread_id, credentials))
        else:
            await self._finish(gap)

    async def _finish(self, gap: Gap) -> None:
        await self._store.finish(gap.id, now_ms=int(self._clock() * 1000))
        view = await self._store.view(gap.id)
        log.info("gap_read", page=gap.page_id, gap=gap.id, threads=view.threads, found=view.found, missing=view.missing)

    async def _list(self, gap: Gap, credentials: Credentials) -> None:
        """Find all threads of the gap.

        A thread in which something is said meanwhile moves to the front, past whoever goes through the list: so the
        front is looked at again, until nothing there is new.
        """
        _, newest_ms = await self._list_since(gap, gap.span.since_ms, credentials)
        for _ in range(MOST_LOOKS):
            if newest_ms is None:
                return
            added, newest_ms = await self._list_since(gap, max(newest_ms, gap.span.since_ms), credentials)
            if not added:
                return

    async def _list_since(self, gap: Gap, since_ms: int, credentials: Credentials) -> tuple[int, int | None]:
        """Go through the threads of which something may be said since then.

        Returns how many are new, and when the last word was said in any of them.
        """
        added, newest_ms, after, first, trail = 0, None, "", True, backfill.Trail()
        while first or after:
            await self._pace.turn(gap.page_id)
            page = await self._conversations.threads(gap.page_id, credentials, after=after)
            newest_ms = backfill.newest_ms(page) if first else newest_ms
            added += await self._store.add_threads(gap.id, backfill.threads_to_read(page, since_ms))
            after, first = trail.further(backfill.threads_go_on(page, since_ms)), False
        if trail.is_cut:
            log.warning("list_of_threads_cut", page=gap.page_id, gap=gap.id)
        return added, newest_ms

    async def _read(self, gap: Gap, thread_id: str, credentials: Credentials) -> ThreadRead:
        """Store what can be read of a thread, and count what cannot."""
        await self._pace.turn(gap.page_id)
        try:
            customer, page = await self._conversations.thread(gap.page_id, thread_id, credentials)
        except FacebookError as error:
            if error.trouble not in OF_ONE_THREAD:
                raise
            log.warning("thread_refused", page=gap.page_id, gap=gap.id, thread=thread_id, reason=str(error))
            return ThreadRead(thread_id, contact="", found=0, missing=1)
        found = await self._inbox.take_found(gap.page_id, customer, backfill.found_in(page, gap.span))
        unreadable = await self._unreadable(gap, thread_id, page, credentials)
        missing = len(await self._store.missing(gap.channel_id, customer.id, unreadable))
        if missing:
            log.warning("thread_beyond_reach", page=gap.page_id, gap=gap.id, thread=thread_id, missing=missing)
        return ThreadRead(thread_id, customer.id, found, missing)

    async def _unreadable(self, gap: Gap, thread_id: str, newest: MessagePage, credentials: Credentials) -> list[str]:
        """Name the messages of the gap that Facebook lists and does not show."""
        unreadable = backfill.unreadable_in(newest, gap.span)
        trail = backfill.Trail()
        after = trail.further(backfill.messages_go_on(newest, gap.span.since_ms))
        while after:
            await self._pace.turn(gap.page_id)
            page = await self._conversations.older(thread_id, credentials, after=after)
            unreadable += backfill.unreadable_in(page, gap.span)
            after = trail.further(backfill.messages_go_on(page, gap.span.since_ms))
        if trail.is_cut:
            log.warning("list_of_messages_cut", page=gap.page_id, gap=gap.id, thread=thread_id)
        return unreadable
