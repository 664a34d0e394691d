"""The HTTP push: one batch, signed, to one site. Never raises for what a site does; every outcome is a verdict."""

import asyncio
import io
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiohttp

from relay.adapters.bounded_answers import KeptConnectionClosed
from relay.adapters.push_errors import trouble_of
from relay.adapters.push_sessions import PushSessions
from relay.core.answers import MAX_ANSWER_BYTES, read_answer
from relay.core.delivery import Failed, Refused, Verdict
from relay.core.errors import SiteNotFound
from relay.core.outbox import Entry
from relay.core.site import Site
from shared.clock import Clock
from shared.errors import VaultError
from shared.signing import sign
from shared.wire import encode_batch

RECORD_KEPT_S = 5.0
"""How long a site's record is used before it is read again: a new address or secret is in force within this time."""

AGAIN_WITHIN_S = 2.0
"""That a site closed what was idle just as we sent shows after a round trip. Later, it had the batch and failed."""

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "social-relay",
    # A receipt is not unpacked (see `adapters.push_sessions`), so no proxy in front of a site may pack it.
    "Accept-Encoding": "identity",
}
"""Of every push, beside its signature."""


class HttpPush:
    """Delivers batches over kept-alive connections; fits `engine.ports.Delivery`."""

    def __init__(
        self, sessions: PushSessions, find_site: Callable[[str], Awaitable[Site]], *, clock: Clock = time.time
    ) -> None:
        self._sessions = sessions
        self._find_site = find_site
        self._clock = clock
        self._records: dict[str, tuple[float, Site]] = {}
        self._records_swept_at = -math.inf

    async def deliver(self, site: str, entries: Sequence[Entry]) -> Verdict:
        """See `engine.ports.Delivery.deliver`. Raises StoreUnavailable when the site's record cannot be read."""
        try:
            record = await self._record(site)
        except SiteNotFound:
            return Failed("the site is not registered any more")
        except VaultError as error:
            return Failed(str(error))
        body = encode_batch(site, [entry.as_event() for entry in entries])
        # The same batch keeps its id over retries: it names its first event and its length.
        headers = sign(
            body,
            message_id=f"{entries[0].id}_{len(entries)}",
            timestamp_s=int(self._clock()),
            secrets=record.secrets,
        )
        verdict = await self._post(record, body, headers, event_ids=[entry.id for entry in entries])
        if isinstance(verdict, Failed | Refused):
            self._records.pop(site, None)  # what an operator mends in the record is in force with the next attempt
        return verdict

    async def _post(self, site: Site, body: bytes, headers: dict[str, str], *, event_ids: Sequence[str]) -> Verdict:
        try:
            async with self._sessions.reaching(site.name, site.permission.networks) as session:
                status, names, content = await _exchange(session, site.events_url, body, HEADERS | headers)
                return read_answer(status, names, content, event_ids=event_ids, now=self._clock())
        except TimeoutError:
            return Failed(f"no answer within {self._sessions.answer_timeout_s:.0f} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Failed(trouble_of(site.name, error).words)

    async def _record(self, site: str) -> Site:
        read_at, record = self._records.get(site, (0.0, None))
        if record is None or self._clock() - read_at > RECORD_KEPT_S:
            record = await self._find_site(site)
            self._sweep_records()
            self._records[site] = (self._clock(), record)
        return record

    def _sweep_records(self) -> None:
        """Forget the records that nobody would use any more: there may be ten thousand sites."""
        now = self._clock()
        if now - self._records_swept_at > RECORD_KEPT_S:
            self._records = {site: kept for site, kept in self._records.items() if now - kept[0] <= RECORD_KEPT_S}
            self._records_swept_at = now


_Answer = tuple[int, Mapping[str, str], bytes]


async def _exchange(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
    """Send a body and return the answer. Once more where a kept connection turned out to be closed."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        return await send(session, url, body, headers)
    except KeptConnectionClosed:
        if loop.time() - began > AGAIN_WITHIN_S:
            raise
    return await send(session, url, body, headers)


async def send(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
    """Send a body once; return status, headers and body of the answer. Raises what the library does."""
    data = io.BytesIO(body)  # read in pieces; as bytes, a large body would hold up the loop
    async with session.post(url, data=data, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await _read_bounded(answer.content)


async def _read_bounded(content: aiohttp.StreamReader) -> bytes:
    read = bytearray()
    while len(read) < MAX_ANSWER_BYTES and (chunk := await content.read(MAX_ANSWER_BYTES - len(read))):
        read += chunk
    return bytes(read)
