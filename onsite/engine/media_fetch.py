"""One try at fetching one content: from its platform into its file and its row. Not when it is tried.

The try is counted before it is made, and with it when the next one may be: so whatever cuts it off, up to the end of
the process, only delays it. The file has its name before the row says so; whoever looks for files that no row needs
must not do so in between, which is what `MediaFiles.placing` is for.
"""

from collections.abc import Mapping
from contextlib import aclosing

from onsite.core.errors import ChannelNotFound
from onsite.core.media import troubles
from onsite.core.media.retries import LONGEST_PAUSE_S, PAUSES_S, Failure, pause_after, pause_after_failure
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import Platform
from onsite.engine.channels import Credentials
from onsite.engine.media import Content, Draft, FetchFailed, MediaFiles, MediaSource, MediaStore, Recogniser, Wanted
from onsite.engine.metrics import Metrics
from onsite.engine.ports import ChannelStore
from shared.clock import Clock
from shared.errors import VaultError
from shared.logs import get_logger

log = get_logger(__name__)

STORED = "stored"
"""The result of a try that brought the content, as the metrics name it."""

_CUT_OFF_EACH_TIME = Failure(MediaTrouble.INTERRUPTED, troubles.INTERRUPTED)


class MediaFetch:
    """Makes tries."""

    def __init__(
        self,
        store: MediaStore,
        channels: ChannelStore,
        sources: Mapping[Platform, MediaSource],
        files: MediaFiles,
        recogniser: Recogniser,
        *,
        limit_bytes: int,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._store = store
        self._channels = channels
        self._sources = sources
        self._files = files
        self._recogniser = recogniser
        self._limit_bytes = limit_bytes
        self._metrics = metrics
        self._clock = clock

    async def make(self, wanted: Wanted) -> None:
        """Try once. Raises StoreUnavailable."""
        if wanted.tries > len(PAUSES_S):  # each was cut off: perhaps it is this very content that ends the process
            await self._store.failed(wanted.id, _CUT_OFF_EACH_TIME, not_before_ms=None)
            return
        started_ms = self._now_ms()
        if not await self._store.start(wanted.id, not_before_ms=started_ms + _ms(_pause_after(wanted.tries + 1))):
            return
        try:
            await self._take(wanted)
        except FetchFailed as failed:
            await self._note(wanted, failed.failure, started_ms)
        else:
            self._metrics.media_fetches.labels(wanted.channel.platform, STORED).inc()

    async def _take(self, wanted: Wanted) -> None:
        source = self._sources[wanted.channel.platform]
        chunks = source.chunks(wanted, await self._credentials(wanted), limit_bytes=self._limit_bytes)
        async with aclosing(chunks), self._files.receive(chunks, limit_bytes=self._limit_bytes) as draft:
            await self._keep(wanted, draft)

    async def _keep(self, wanted: Wanted, draft: Draft) -> None:
        found = await self._recogniser.recognise(draft.path, wanted.kind)
        content = Content(draft.sha256, draft.size_bytes, found.mime_type, found.thumbnail_type)
        async with self._files.placing:
            await draft.place(found.thumbnail)
            await self._store.stored(wanted.id, content, now_ms=self._now_ms())
        self._metrics.media_bytes.inc(content.size_bytes)
        log.info("media_stored", media=wanted.id, mime_type=content.mime_type, size_bytes=content.size_bytes)

    async def _credentials(self, wanted: Wanted) -> Credentials | None:
        try:
            return await self._channels.credentials(wanted.channel_id)
        except (VaultError, ChannelNotFound):
            return None  # whoever needs them says that there are none

    async def _note(self, wanted: Wanted, failure: Failure, started_ms: int) -> None:
        pause_s = pause_after_failure(failure, tries=wanted.tries + 1)
        log.info("media_not_fetched", media=wanted.id, trouble=failure.trouble, pause_s=pause_s)
        not_before_ms = None if pause_s is None else max(started_ms, self._now_ms()) + _ms(pause_s)
        await self._store.failed(wanted.id, failure, not_before_ms=not_before_ms)
        self._metrics.media_fetches.labels(wanted.channel.platform, failure.trouble).inc()

    def _now_ms(self) -> int:
        return _ms(self._clock())


def _pause_after(tries: int) -> float:
    pause_s = pause_after(tries)
    return LONGEST_PAUSE_S if pause_s is None else pause_s


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
