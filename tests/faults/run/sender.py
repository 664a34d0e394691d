"""Meta's side: sends the bodies of a plan, each again until it gets its 200, and writes down when.

A body goes to the web processes in turn, as a load balancer would have it, and its next attempt to the next one. What
gets no 200 is sent again as it is, with the same mids. A body of a patient conversation waits for the 200 of that
conversation's body before; the others are sent when their time has come, whatever became of those before, as Meta does.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from tests.faults.fates import Fate
from tests.faults.ledger import Sent
from tests.faults.plan import Body, Plan, mid_of
from tests.support import facebook

ANSWER_WITHIN_S = 5.0
"""Meta's own patience is about as long (PLATFORMS: 5 s to answer)."""
AGAIN_AFTER_S = (0.05, 0.1, 0.2, 0.4)
PATH = "/facebook/webhook"


@dataclass
class _Sending:
    """What became of one body."""

    first_sent_at: float = 0.0
    attempts: int = 0
    acknowledged_at: float | None = None


class Sender:
    """Sends the traffic of one plan."""

    def __init__(self, plan: Plan, relays: Sequence[str]) -> None:
        self._plan = plan
        self._relays = relays
        self._conversations = {each.id: each for each in plan.conversations}
        self._sendings = [_Sending() for _ in plan.bodies]

    @property
    def accepted(self) -> int:
        """How many bodies have their 200."""
        return sum(sending.acknowledged_at is not None for sending in self._sendings)

    async def run(self, begin: float) -> None:
        """Send everything; `begin` is when the traffic starts. Returns when every body has its 200."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        last: dict[str, asyncio.Task[None]] = {}
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http,
            asyncio.TaskGroup() as group,
        ):
            for index, body in enumerate(self._plan.bodies):
                patient = [part.conversation for part in body.parts if self._conversations[part.conversation].patient]
                before = [last[each] for each in patient if each in last]
                task = group.create_task(self._send(http, index, begin + body.at_s, before))
                last.update(dict.fromkeys(patient, task))

    def sent(self) -> list[Sent]:
        """Return every event that was sent at least once."""
        return [event for index, body in enumerate(self._plan.bodies) for event in self._events(index, body)]

    async def _send(
        self, http: aiohttp.ClientSession, index: int, due: float, before: Sequence[asyncio.Task[None]]
    ) -> None:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if before:
            await asyncio.wait(before)
        content = self._content(self._plan.bodies[index])
        sending = self._sendings[index]
        sending.first_sent_at = time.monotonic()
        while sending.acknowledged_at is None:
            relay = self._relays[(index + sending.attempts) % len(self._relays)]
            sending.attempts += 1
            if await _post(http, relay + PATH, content):
                sending.acknowledged_at = time.monotonic()
            else:
                await asyncio.sleep(AGAIN_AFTER_S[min(sending.attempts, len(AGAIN_AFTER_S)) - 1])

    def _content(self, body: Body) -> bytes:
        """Write a body as Meta does: an entry for each page and moment, its items in order."""
        entries = []
        for part in body.parts:
            conversation = self._conversations[part.conversation]
            items = []
            for number in range(part.first, part.first + part.count):
                mid = mid_of(self._plan.seed, conversation, number)
                item = facebook.message(conversation.page, f"text {number}", mid=mid, sender=conversation.customer)
                items.append(item | {"timestamp": 1_800_000_000_000 + number})
            entries.append(facebook.entry(conversation.page, *items))
        return facebook.body(*entries)

    def _events(self, index: int, body: Body) -> list[Sent]:
        sending = self._sendings[index]
        if not sending.attempts:
            return []
        found: list[Sent] = []
        for part in body.parts:
            conversation = self._conversations[part.conversation]
            found += [
                Sent(
                    mid=mid_of(self._plan.seed, conversation, number),
                    page=conversation.page,
                    conversation=conversation.id,
                    body=index,
                    place=len(found) + offset,
                    wanted=conversation.fate is Fate.TAKEN,
                    first_sent_at=sending.first_sent_at,
                    attempts=sending.attempts,
                    acknowledged_at=sending.acknowledged_at,
                )
                for offset, number in enumerate(range(part.first, part.first + part.count))
            ]
        return found


async def _post(http: aiohttp.ClientSession, url: str, content: bytes) -> bool:
    try:
        async with http.post(url, data=content, headers=facebook.signed(content)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
