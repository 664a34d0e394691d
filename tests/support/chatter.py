"""Customers who go on writing while something happens to Redis, and Meta that sends each message until it gets its 200.

Each conversation is sent in order, one message at a time, as the order of what is accepted is what a relay promises.
Meta pauses longer between its tries; here they follow each other quickly, so that more of them meet the trouble.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from tests.support import facebook
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay
from tests.support.waiting import process_does

META_GETS_ITS_ANSWER_WITHIN_S = 4.0
"""Meta waits for 5 s at the most; some of them are the network's."""
DELIVERED_WITHIN_S = 20.0
PACE_S = 0.005
OK = 200


class Conversation:
    """What one customer writes to one page."""

    def __init__(self, relay: RunningRelay, page: str) -> None:
        self.page = page
        self.accepted: list[str] = []
        """The texts that got their 200, in this order."""
        self.refusals: list[int] = []
        """Every other answer."""
        self.slowest_s = 0.0
        self.answered = asyncio.Condition()
        self._relay = relay

    async def offer(self, text: str) -> int:
        """Send a message once; returns the status."""
        started = time.monotonic()
        status = await self._relay.webhook(facebook.messages(self.page, text))
        self.slowest_s = max(self.slowest_s, time.monotonic() - started)
        async with self.answered:
            if status == OK:
                self.accepted.append(text)
            else:
                self.refusals.append(status)
            self.answered.notify_all()
        return status

    async def go_on(self, ends: asyncio.Event) -> None:
        """Send one message after the other, each until it is accepted; the last one is accepted, too."""
        status = OK
        while status != OK or not ends.is_set():
            status = await self.offer(f"{self.page}-{len(self.accepted)}")
            await asyncio.sleep(PACE_S)


class Chatter:
    """All conversations."""

    def __init__(self, relay: RunningRelay, pages: Iterable[str]) -> None:
        self.conversations = [Conversation(relay, page) for page in pages]

    @property
    def refusals(self) -> set[int]:
        """Every status but 200 that anybody got."""
        return {status for each in self.conversations for status in each.refusals}

    @property
    def slowest_s(self) -> float:
        """How long the longest answer took."""
        return max(each.slowest_s for each in self.conversations)

    async def accepted(self, more: int = 1) -> None:
        """Wait until each conversation got so many more messages accepted. Raises TimeoutError."""
        await asyncio.gather(*(_longer(each, each.accepted, more) for each in self.conversations))

    async def refused(self, more: int = 1) -> None:
        """Wait until each conversation was refused so many more times. Raises TimeoutError."""
        await asyncio.gather(*(_longer(each, each.refusals, more) for each in self.conversations))

    async def delivered(self, sites: Mapping[str, ReceivingSite]) -> None:
        """Wait until each page's site has all that was accepted, and see that it came in order. Raises TimeoutError."""

        async def all_there() -> bool:
            return all(set(each.accepted) <= set(sites[each.page].texts) for each in self.conversations)

        await process_does(all_there, within_s=DELIVERED_WITHIN_S)
        for each in self.conversations:
            ours = [text for text in sites[each.page].texts if text.startswith(f"{each.page}-")]
            assert list(dict.fromkeys(ours)) == each.accepted


async def _longer(conversation: Conversation, answers: list[str] | list[int], more: int) -> None:
    target = len(answers) + more
    async with asyncio.timeout(DELIVERED_WITHIN_S), conversation.answered:
        await conversation.answered.wait_for(lambda: len(answers) >= target)


@asynccontextmanager
async def chatting(relay: RunningRelay, pages: Iterable[str]) -> AsyncIterator[Chatter]:
    """Let customers write meanwhile; each page has been heard before, and its last message is accepted afterwards."""
    chatter, ends = Chatter(relay, pages), asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for each in chatter.conversations:
            group.create_task(each.go_on(ends))
        await chatter.accepted()
        try:
            yield chatter
        finally:
            ends.set()
