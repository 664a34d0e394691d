"""Keeps gaps, and one supervised task for each page that has some to read. Not the reading itself.

Trouble with the database only delays a task, as the supervisor starts it again; where it goes on is in the store.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from onsite.core.errors import ChannelNotFound, FacebookError
from onsite.core.gap import Span
from onsite.core.model import Platform
from onsite.engine.backfill_trouble import GOES_ON, LONGEST_REGAIN_S, AfterTrouble, after_trouble
from onsite.engine.channels import SENDING_STATES, ChannelRef, ChannelState, Credentials
from onsite.engine.gap_reader import GapReader
from onsite.engine.gaps import Gap, GapStore, GapView
from onsite.engine.ports import ChannelStore
from shared.clock import Clock, iso_ms
from shared.errors import VaultError
from shared.logs import get_logger
from shared.tasks import Supervisor

log = get_logger(__name__)

KEEP_ENDED_S, KEEP_ENDED = 30 * 86_400, 200
"""How long what was read is kept to be looked at, and how many of it, whatever their age."""
SHOWN_FOR_S = 7 * 86_400
"""How long what found everything is of interest; what misses something is for as long as it is kept."""
PRUNED_AT_ONCE = 10
"""In one transaction: a gap may have had thousands of threads."""

NO_TOKEN = (
    "The page has no token here, without which its conversations cannot be read: connect it with `onsite connect`, or"
    f" give it one with `onsite channel add facebook PAGE_ID`. {GOES_ON}"
)


class Backfills:
    """The use cases of gaps."""

    def __init__(
        self,
        store: GapStore,
        channels: ChannelStore,
        reader: GapReader,
        supervisor: Supervisor,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
    ) -> None:
        """`jitter` returns a random number from 0 to 1."""
        self._store = store
        self._channels = channels
        self._reader = reader
        self._supervisor = supervisor
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._called: set[int] = set()
        """Channels whose task was called, and has not looked into the store since."""

    async def gap_told(self, page_id: str, span: Span, reason: str) -> None:
        """Keep a gap that the relay found, and read it. Raises StoreUnavailable."""
        gap = await self._add(ChannelRef(Platform.FACEBOOK, page_id), span, reason)
        self._wake(gap.channel_id)

    async def ask(self, page_id: str, span: Span) -> Gap:
        """Read a stretch of time because somebody wants it. Raises ChannelNotFound, StoreUnavailable."""
        ref = ChannelRef(Platform.FACEBOOK, page_id)
        if all(channel.ref != ref for channel in await self._channels.channels()):
            raise ChannelNotFound(f"page {page_id} is no channel of this site; `onsite channel list` shows them")
        gap = await self._add(ref, span, "asked for")
        await self.go_on(gap.channel_id)
        return gap

    async def go_on(self, channel_id: int) -> None:
        """Try again what was stopped, as something may have been mended. Raises StoreUnavailable."""
        await self._store.reopen(channel_id)
        if await self._store.next_gap(channel_id) is not None:
            self._wake(channel_id)

    async def start_all(self) -> None:
        """Go on with whatever is not finished. For the start of the process. Raises StoreUnavailable."""
        await self._prune()
        for channel_id in await self._store.channels_with_work():
            self._wake(channel_id)

    async def of_interest(self, limit: int) -> Sequence[GapView]:
        """List what is open first, then what ended lately or misses something. Raises StoreUnavailable."""
        since_ms = self._now_ms() - SHOWN_FOR_S * 1000
        return await self._store.views_of_interest(limit=limit, ended_since_ms=since_ms)

    async def _add(self, ref: ChannelRef, span: Span, reason: str) -> Gap:
        gap = await self._store.add(ref, span, reason, now_ms=self._now_ms())
        since, until = iso_ms(gap.span.since_ms), iso_ms(gap.span.until_ms)
        log.info("gap_kept", page=gap.page_id, gap=gap.id, since=since, until=until)
        return gap

    def _wake(self, channel_id: int) -> None:
        self._called.add(channel_id)
        if not self._supervisor.is_running(_name(channel_id)):
            self._supervisor.start(_name(channel_id), partial(self._run, channel_id))

    async def _run(self, channel_id: int) -> None:
        """Read until no gap waits. Between the last look and the end nothing is awaited, so that no call is missed."""
        failures = 0
        while True:
            self._called.discard(channel_id)
            gap = await self._store.next_gap(channel_id)
            if gap is None:
                await self._prune()
                if channel_id not in self._called:
                    return
            elif (pause_s := self._pause_of(gap)) > 0:
                await self._sleep(pause_s)
            else:
                failures = await self._try(gap, failures)

    def _pause_of(self, gap: Gap) -> float:
        """Return how long Facebook is to be left alone, in seconds; 0 for longer than ever: the clock jumped back."""
        left_s = gap.not_before_ms / 1000 - self._clock()
        return left_s if left_s <= LONGEST_REGAIN_S else 0.0

    async def _prune(self) -> None:
        """Forget what ended long ago."""
        before_ms = self._now_ms() - KEEP_ENDED_S * 1000
        while await self._store.prune(ended_before_ms=before_ms, keep=KEEP_ENDED, at_most=PRUNED_AT_ONCE):
            pass

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    async def _try(self, gap: Gap, failures: int) -> int:
        """Do one step; returns how many have failed in a row."""
        try:
            await self._reader.step(gap, await self._credentials(gap))
        except _Stopped as stopped:
            await self._store.note(gap.id, str(stopped), stopped=True)
        except FacebookError as error:
            await self._trouble(gap, after_trouble(error, failures=failures + 1, jitter=self._jitter()))
            return failures + 1
        else:
            if gap.sentence:
                await self._store.note(gap.id, "")
        return 0

    async def _credentials(self, gap: Gap) -> Credentials:
        try:
            credentials = await self._channels.credentials(gap.channel_id)
        except (VaultError, ChannelNotFound) as error:
            raise _Stopped(f"{error}. {GOES_ON}") from None
        if credentials is None:
            raise _Stopped(NO_TOKEN)
        return credentials

    async def _trouble(self, gap: Gap, after: AfterTrouble) -> None:
        log.warning("backfill_trouble", page=gap.page_id, gap=gap.id, pause_s=after.pause_s, reason=after.sentence)
        if after.token_dead:  # first, as nobody comes back to a gap that is stopped
            dead = (ChannelState.TOKEN_DEAD, after.sentence)
            await self._channels.set_health(gap.channel_id, *dead, only_from=SENDING_STATES)
        not_before_ms = 0 if after.pause_s is None else self._now_ms() + int(after.pause_s * 1000)
        await self._store.note(gap.id, after.sentence, stopped=after.pause_s is None, not_before_ms=not_before_ms)


class _Stopped(Exception):
    """There is nothing to read with."""


def _name(channel_id: int) -> str:
    return f"backfill:{channel_id}"
