"""Files have their names only when they are whole, the same content is one file, and what was cut off goes."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from onsite.adapters import media_files
from onsite.adapters.media_files import MediaFolder
from onsite.core.media.troubles import MediaTrouble
from onsite.engine.media import FetchFailed

CONTENT = b"a picture" * 100_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 10_000_000


async def parts(content: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.fixture
def files(tmp_path: Path) -> MediaFolder:
    return MediaFolder(tmp_path / "media")


def below(folder: Path) -> set[str]:
    """Return all files below a folder."""
    return {str(path.relative_to(folder / "media")) for path in folder.rglob("*") if path.is_file()}


async def take(files: MediaFolder, content: bytes = CONTENT, thumbnail: bytes | None = None) -> str:
    async with files.receive(parts(content), limit_bytes=LIMIT) as draft:
        await draft.place(thumbnail)
        return draft.sha256


async def test_a_content_lies_where_its_hash_says_with_its_thumbnail_beside(files: MediaFolder, tmp_path: Path) -> None:
    async with files.receive(parts(CONTENT), limit_bytes=LIMIT) as draft:
        assert (draft.sha256, draft.size_bytes) == (SHA256, len(CONTENT))
        assert draft.path.read_bytes() == CONTENT
        assert not files.path_of(SHA256).exists()
        await draft.place(b"small")

    assert below(tmp_path) == {f"{SHA256[:2]}/{SHA256[2:]}", f"{SHA256[:2]}/{SHA256[2:]}.thumbnail"}
    assert files.path_of(SHA256).read_bytes() == CONTENT
    assert files.thumbnail_of(SHA256).read_bytes() == b"small"


async def test_the_same_content_twice_is_one_file(files: MediaFolder, tmp_path: Path) -> None:
    await take(files)
    before = files.path_of(SHA256).stat()

    await take(files)

    assert len(below(tmp_path)) == 1
    assert files.path_of(SHA256).stat().st_ino == before.st_ino


async def test_a_content_that_is_not_placed_leaves_nothing(files: MediaFolder, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        async with files.receive(parts(CONTENT), limit_bytes=LIMIT):
            raise RuntimeError

    assert below(tmp_path) == set()


async def test_a_content_beyond_the_limit_is_given_up_at_once_and_leaves_nothing(
    files: MediaFolder, tmp_path: Path
) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1000
            yield bytes(1000)

    with pytest.raises(FetchFailed) as failed:
        async with files.receive(endless(), limit_bytes=5000):
            pass

    assert failed.value.failure.trouble is MediaTrouble.TOO_LARGE
    assert given == 6000
    assert below(tmp_path) == set()


async def test_a_fetch_that_is_called_off_leaves_nothing(files: MediaFolder, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield bytes(media_files.WRITE_AT_ONCE)
        begun.set()
        await asyncio.Event().wait()

    async def fetch() -> None:
        async with files.receive(hanging(), limit_bytes=LIMIT):
            pass

    task = asyncio.create_task(fetch())
    await asyncio.wait_for(begun.wait(), 10)
    assert len(below(tmp_path)) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert below(tmp_path) == set()


async def test_a_disk_that_takes_nothing_is_a_failure_that_says_so(
    files: MediaFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FetchFailed) as failed:
        await take(files)

    assert failed.value.failure.trouble is MediaTrouble.NOT_WRITTEN
    assert "No space left on device" in failed.value.failure.sentence
    assert below(tmp_path) == set()


async def test_what_a_killed_process_left_is_removed_and_what_is_whole_stays(
    files: MediaFolder, tmp_path: Path
) -> None:
    await take(files)
    (tmp_path / "media/incoming/0123").write_bytes(b"half")
    (tmp_path / "media/incoming/0123.thumbnail").write_bytes(b"half")

    await files.clean()

    assert below(tmp_path) == {f"{SHA256[:2]}/{SHA256[2:]}"}


async def test_a_folder_that_is_not_there_yet_holds_nothing(files: MediaFolder) -> None:
    await files.clean()

    assert [await files.on_shelf(shelf) for shelf in files.shelves()[:3]] == [set()] * 3
    await files.drop([SHA256])


async def test_shelves_hold_all_contents_and_a_dropped_one_goes_with_its_thumbnail(
    files: MediaFolder, tmp_path: Path
) -> None:
    hashes = {await take(files, f"content {number}".encode(), b"small") for number in range(20)}

    found = {each for shelf in files.shelves() for each in await files.on_shelf(shelf)}
    assert found == hashes
    await files.drop(hashes)
    assert below(tmp_path) == set()
