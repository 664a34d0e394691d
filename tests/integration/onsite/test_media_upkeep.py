"""What is too old or too much goes, the oldest first; what a message needs stays; what no message needs goes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from onsite.adapters.media_files import MediaFolder
from onsite.adapters.sql.media import SqlMedia
from onsite.adapters.sql.media_keeping import SqlKeptMedia
from onsite.adapters.sql.tables import messages
from onsite.core.media.states import MediaState
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import Attachment, AttachmentKind
from onsite.engine.media import Content
from onsite.engine.media_upkeep import LOOK_EVERY_S, SWEEP_EVERY_LOOKS, MediaUpkeep, Rules
from tests.integration.onsite.fakes import SteeredTime
from tests.integration.onsite.store import Store, event, said
from tests.support.waiting import soon

DAY_S = 86_400.0
PICTURE = Attachment(AttachmentKind.IMAGE, file_id="AgACAgQ")


class Kept:
    """A site's contents, and the one who looks after them."""

    def __init__(self, store: Store, folder: Path, rules: Rules) -> None:
        self.store = store
        self.media = SqlMedia(store.database)
        self.files = MediaFolder(folder / "media")
        self.time = SteeredTime(now=100 * DAY_S)
        self.upkeep = MediaUpkeep(
            SqlKeptMedia(store.database), self.files, rules, clock=self.time.clock, sleep=self.time.sleep
        )
        self._sent = 0

    async def receive(self, content: bytes, *, days_ago: float = 0.0) -> int:
        """Have a message with this content, and return the content's number."""
        self._sent += 1
        key = str(self._sent)
        await self.store.take(event(f"e:{key}", replace(said(f"m:{key}"), attachments=(PICTURE,))))
        (wanted,) = await self.media.due(now_ms=0, busy=(), busy_channels=())
        stored = await self.put(content)
        now_ms = int((self.time.now - days_ago * DAY_S) * 1000)
        assert await self.media.stored(wanted.id, stored, now_ms=now_ms)
        return wanted.id

    async def put(self, content: bytes) -> Content:
        """Put a file in its place, without a row."""

        async def parts() -> AsyncIterator[bytes]:
            yield content

        async with self.files.receive(parts(), limit_bytes=10**6) as draft:
            await draft.place(b"small")
            return Content(draft.sha256, draft.size_bytes, "image/jpeg", "image/jpeg")

    async def here(self) -> set[bytes]:
        """Return all contents that are there."""
        hashes = {each for shelf in self.files.shelves() for each in await self.files.on_shelf(shelf)}
        return {self.files.path_of(each).read_bytes() for each in hashes}

    async def states(self, *ids: int) -> list[MediaState]:
        """Return how these are."""
        return [(await self.media.view(each)).state for each in ids]


@pytest.fixture
def kept(store: Store, tmp_path: Path) -> Kept:
    return Kept(store, tmp_path, Rules(longest_days=30, most_bytes=10))


async def test_what_is_older_than_the_rule_goes_and_says_so(kept: Kept) -> None:
    old, young = await kept.receive(b"old", days_ago=31), await kept.receive(b"young", days_ago=29)

    await kept.upkeep.enforce()

    assert await kept.states(old, young) == [MediaState.DROPPED, MediaState.STORED]
    assert await kept.here() == {b"young"}
    view = await kept.media.view(old)
    assert (view.trouble, view.has_thumbnail) == (MediaTrouble.NOT_KEPT, False)
    assert "not kept any longer" in view.sentence


async def test_a_content_stays_while_a_younger_message_needs_it(kept: Kept) -> None:
    old, young = await kept.receive(b"shared", days_ago=31), await kept.receive(b"shared", days_ago=1)

    await kept.upkeep.enforce()

    assert await kept.states(old, young) == [MediaState.DROPPED, MediaState.STORED]
    assert await kept.here() == {b"shared"}


async def test_of_too_much_the_oldest_goes_and_no_more_than_needed(kept: Kept) -> None:
    ids = [await kept.receive(content, days_ago=5 - at) for at, content in enumerate((b"1111", b"2222", b"3333"))]
    again = await kept.receive(b"1111")

    await kept.upkeep.enforce()

    assert await kept.states(*ids, again) == [
        MediaState.STORED,
        MediaState.DROPPED,
        MediaState.STORED,
        MediaState.STORED,
    ]
    assert await kept.here() == {b"1111", b"3333"}


async def test_without_rules_everything_stays(store: Store, tmp_path: Path) -> None:
    kept = Kept(store, tmp_path, Rules(longest_days=None, most_bytes=None))
    old = await kept.receive(b"x" * 1000, days_ago=99)

    await kept.upkeep.enforce()

    assert await kept.states(old) == [MediaState.STORED]


async def test_a_file_that_no_row_needs_goes_and_one_that_a_row_needs_stays(kept: Kept) -> None:
    await kept.receive(b"needed")
    await kept.put(b"killed before its row")

    await kept.upkeep.sweep()

    assert await kept.here() == {b"needed"}


async def test_what_an_erased_message_had_goes_with_it(kept: Kept) -> None:
    await kept.receive(b"private")
    await kept.store.database.write(lambda connection: connection.execute(delete(messages)))

    await kept.upkeep.sweep()

    assert await kept.here() == set()


async def test_a_content_that_just_got_its_name_is_not_taken_for_garbage(kept: Kept) -> None:
    """The sweep waits for whoever places a content, until its row says so too."""
    async with kept.files.placing:
        await kept.put(b"new")
        sweep = asyncio.create_task(kept.upkeep.sweep())
        done, _ = await asyncio.wait([sweep], timeout=0.5)  # it would be through by then, if it did not wait
        await kept.receive(b"new")

    await soon(sweep)
    assert not done

    assert await kept.here() == {b"new"}


async def test_it_looks_at_the_start_and_every_hour_and_sweeps_once_a_day(kept: Kept) -> None:
    await kept.put(b"left behind")
    running = asyncio.create_task(kept.upkeep.run())
    try:
        await kept.time.asleep(LOOK_EVERY_S)
        assert await kept.here() == set()

        await kept.put(b"left later")
        for _ in range(SWEEP_EVERY_LOOKS - 1):
            kept.time.advance(LOOK_EVERY_S)
            await kept.time.asleep(LOOK_EVERY_S)
        assert await kept.here() == {b"left later"}
        kept.time.advance(LOOK_EVERY_S)
        await kept.time.asleep(LOOK_EVERY_S)
        assert await kept.here() == set()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
