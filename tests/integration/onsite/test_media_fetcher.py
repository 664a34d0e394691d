"""When contents are fetched, how many at once, and what becomes of tries that end badly. The platform is a fake."""

# ruff: noqa: ARG002  a fake takes what the real one takes, and needs little of it

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from onsite.adapters.media_files import MediaFolder
from onsite.adapters.sql.media import SqlMedia
from onsite.core.media.retries import PAUSES_S
from onsite.core.media.states import MediaState
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import Attachment, AttachmentKind, Platform
from onsite.engine.channels import ChannelRef, Credentials
from onsite.engine.media import FetchFailed, MediaView, Recognised, Wanted
from onsite.engine.media_fetch import MediaFetch
from onsite.engine.media_fetcher import PER_CHANNEL, SIDE_BY_SIDE, MediaFetcher
from onsite.engine.metrics import Metrics
from tests.integration.onsite.fakes import SteeredTime
from tests.integration.onsite.store import BOT, Store, event, said
from tests.support.waiting import process_does, soon

OTHER_BOT = ChannelRef(Platform.TELEGRAM, "987655")
GONE = FetchFailed(MediaTrouble.GONE, "It is gone.")
AWAY = FetchFailed(MediaTrouble.UNREACHABLE, "Nobody there.")
LIMIT = 1000


class Platforms:
    """Serves what it is told to, holds what it is told to hold."""

    def __init__(self) -> None:
        self.troubles: list[Exception] = []
        self.holding: dict[str, asyncio.Event] = {}
        self.under_way: list[str] = []
        self.most = 0
        self.content = b""
        """What every file holds; its own name when empty."""
        self.served: list[tuple[str, int]] = []
        self.credentials: list[Credentials | None] = []

    def hold(self, *channels: ChannelRef) -> None:
        """Let everything of these hang."""
        for channel in channels:
            self.holding.setdefault(channel.external_id, asyncio.Event())

    async def chunks(
        self, wanted: Wanted, credentials: Credentials | None, *, limit_bytes: int
    ) -> AsyncGenerator[bytes]:
        """Serve a content that names itself."""
        self.credentials.append(credentials)
        self.under_way.append(wanted.channel.external_id)
        self.most = max(self.most, len(self.under_way))
        try:
            if wanted.channel.external_id in self.holding:
                await self.holding[wanted.channel.external_id].wait()
            if self.troubles:
                raise self.troubles.pop(0)
            self.served.append((wanted.file_id, wanted.tries))
            yield self.content or wanted.file_id.encode()
        finally:
            self.under_way.remove(wanted.channel.external_id)


class Plain:
    """Recognises nothing."""

    async def recognise(self, path: Path, kind: AttachmentKind) -> Recognised:
        """Say that it is some file."""
        return Recognised("application/octet-stream")


class Bench:
    """One site's fetcher."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.media = store, SqlMedia(store.database)
        self.time, self.platforms = SteeredTime(), Platforms()
        self.files = MediaFolder(folder / "media")
        self.metrics = Metrics()
        fetch = MediaFetch(
            self.media,
            store.channels,
            {Platform.TELEGRAM: self.platforms},
            self.files,
            Plain(),
            limit_bytes=LIMIT,
            metrics=self.metrics,
            clock=self.time.clock,
        )
        self.fetcher = MediaFetcher(self.media, self.files, fetch, clock=self.time.clock, sleep=self.time.sleep)
        self._sent = 0

    async def receive(self, *, channel: ChannelRef = BOT, count: int = 1) -> None:
        """Have messages with a voice each."""
        for _ in range(count):
            self._sent += 1
            voice = Attachment(AttachmentKind.VOICE, file_id=f"voice {self._sent}")
            fact = replace(said(f"m:{self._sent}"), attachments=(voice,))
            await self.store.take(event(f"e:{self._sent}", fact, channel=channel))
        self.fetcher.wake()

    async def view(self, media_id: int = 1) -> MediaView:
        """Return a content as people see it."""
        return await self.media.view(media_id)

    async def becomes(self, state: MediaState, media_id: int = 1) -> MediaView:
        """Wait until a content is in this state."""
        await process_does(lambda: self._is(state, media_id))
        return await self.view(media_id)

    async def is_counted(self, result: str, times: int) -> bool:
        """Tell whether so many tries came to this, and are noted."""
        line = f'onsite_media_fetches_total{{platform="telegram",result="{result}"}} {times}.0'
        return line in self.metrics.exposition().decode()

    async def _is(self, state: MediaState, media_id: int) -> bool:
        return (await self.view(media_id)).state is state


@pytest.fixture
async def bench(store: Store, tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(store, tmp_path)
    running = asyncio.create_task(bench.fetcher.run())
    yield bench
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bench.fetcher.close()


async def test_a_content_is_fetched_at_once_and_lies_where_its_row_says(bench: Bench) -> None:
    await bench.receive()

    view = await bench.becomes(MediaState.STORED)

    assert (view.size_bytes, view.trouble) == (len(b"voice 1"), None)
    counted = bench.metrics.exposition().decode()
    assert 'onsite_media_fetches_total{platform="telegram",result="stored"} 1.0' in counted
    assert "onsite_media_stored_bytes_total 7.0" in counted


async def test_what_passes_is_tried_again_by_the_table_and_in_the_end_given_up(bench: Bench) -> None:
    bench.platforms.troubles = [AWAY] * (len(PAUSES_S) + 1)
    await bench.receive()

    for tries, pause_s in enumerate(PAUSES_S, 1):
        await process_does(partial(bench.is_counted, "unreachable", tries))
        await bench.time.asleep(pause_s)
        view = await bench.view()
        assert (view.state, view.trouble) == (MediaState.PENDING, MediaTrouble.UNREACHABLE)
        bench.time.advance(pause_s)
    view = await bench.becomes(MediaState.FAILED)

    assert (view.trouble, view.sentence) == (MediaTrouble.UNREACHABLE, "Nobody there.")
    assert bench.platforms.troubles == []


async def test_a_platforms_wish_for_a_pause_is_heeded(bench: Bench) -> None:
    bench.platforms.troubles = [FetchFailed(MediaTrouble.THROTTLED, "Later.", retry_after_s=77.0)]
    await bench.receive()

    await bench.time.asleep(77.0)
    bench.time.advance(77.0)

    await bench.becomes(MediaState.STORED)


async def test_what_lasts_is_not_tried_again_until_somebody_asks(bench: Bench) -> None:
    bench.platforms.troubles = [GONE]
    await bench.receive()
    view = await bench.becomes(MediaState.FAILED)
    assert view.trouble is MediaTrouble.GONE

    assert (await bench.fetcher.retry(1)).state is MediaState.PENDING

    await bench.becomes(MediaState.STORED)
    assert bench.platforms.served == [("voice 1", 0)]


async def test_a_content_that_ends_the_process_each_time_is_given_up(bench: Bench) -> None:
    """What a killed process leaves is a try that was counted and never ended."""
    bench.platforms.hold(BOT)
    await bench.receive()
    await process_does(lambda: _async(bool(bench.platforms.under_way)))
    await bench.fetcher.close()
    for _ in PAUSES_S:
        await bench.media.start(1, not_before_ms=0)

    bench.fetcher.wake()

    view = await bench.becomes(MediaState.FAILED)
    assert view.trouble is MediaTrouble.INTERRUPTED
    assert bench.platforms.served == []


async def test_a_platform_that_hangs_holds_only_its_own_places(bench: Bench) -> None:
    bench.platforms.hold(BOT)
    await bench.receive(count=SIDE_BY_SIDE * 4)
    await process_does(lambda: _async(len(bench.platforms.under_way) == PER_CHANNEL))

    await bench.receive(channel=OTHER_BOT)

    await bench.becomes(MediaState.STORED, media_id=SIDE_BY_SIDE * 4 + 1)
    assert bench.platforms.under_way == [BOT.external_id] * PER_CHANNEL
    bench.platforms.holding[BOT.external_id].set()
    await bench.becomes(MediaState.STORED, media_id=SIDE_BY_SIDE * 4)
    assert bench.platforms.most <= SIDE_BY_SIDE


async def test_a_content_beyond_the_limit_fails_for_good_and_leaves_nothing(bench: Bench) -> None:
    bench.platforms.content = bytes(LIMIT + 1)
    await bench.receive()

    view = await bench.becomes(MediaState.FAILED)

    assert view.trouble is MediaTrouble.TOO_LARGE
    assert not [each for shelf in bench.files.shelves() for each in await bench.files.on_shelf(shelf)]


async def test_a_fault_of_ours_costs_one_try_and_stops_nobody(bench: Bench) -> None:
    bench.platforms.troubles = [RuntimeError("a fault of ours")]
    await bench.receive()
    await bench.time.asleep(PAUSES_S[0])
    await bench.receive()
    await bench.becomes(MediaState.STORED, media_id=2)

    view = await bench.view()
    assert (view.state, view.trouble) == (MediaState.PENDING, None)
    bench.time.advance(PAUSES_S[0])
    await bench.becomes(MediaState.STORED)


async def test_a_channel_without_a_token_is_asked_all_the_same_as_facebooks_files_need_none(bench: Bench) -> None:
    await bench.receive()

    await bench.becomes(MediaState.STORED)

    assert bench.platforms.credentials == [None]


async def test_what_is_called_off_at_the_end_is_fetched_by_the_next_run(bench: Bench, tmp_path: Path) -> None:
    bench.platforms.hold(BOT)
    await bench.receive()
    await process_does(lambda: _async(bool(bench.platforms.under_way)))

    await soon(bench.fetcher.close())

    assert bench.platforms.under_way == []
    assert list((tmp_path / "media/incoming").iterdir()) == []
    bench.platforms.holding.clear()
    bench.time.advance(PAUSES_S[0])
    bench.fetcher.wake()
    await bench.becomes(MediaState.STORED)


async def _async(seen: bool) -> bool:  # noqa: FBT001  what a look came to
    return seen
