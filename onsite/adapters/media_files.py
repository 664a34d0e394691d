"""Contents as files below one folder, named by their hash: `ab/cdef…`, and `ab/cdef….thumbnail` beside some of them.

What comes in is written to `incoming/`, on the same file system, and gets its name only when all of it is on the disk:
so a file with a name is whole, and whatever lies in `incoming/` at the start was cut off. The same content twice is one
file. Which files are needed is not known here.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar
from uuid import uuid4

from onsite.core.media import troubles
from onsite.core.media.troubles import MediaTrouble
from onsite.engine.media import FetchFailed
from shared.logs import get_logger

log = get_logger(__name__)

WRITE_AT_ONCE = 1024 * 1024
"""Bytes that are collected before a thread writes them."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_INCOMING = "incoming"
_THUMBNAIL = ".thumbnail"
_SHELVES = tuple(f"{number:02x}" for number in range(256))


class StoredDraft:
    """Implements `Draft`."""

    def __init__(self, files: "MediaFolder", path: Path, sha256: str, size_bytes: int) -> None:
        self._files = files
        self.path = path
        self.sha256 = sha256
        self.size_bytes = size_bytes

    async def place(self, thumbnail: bytes | None) -> None:
        """Put it where its hash says, durably. Raises FetchFailed."""
        await _writing(self._place, thumbnail)

    def _place(self, thumbnail: bytes | None) -> None:
        target = self._files.path_of(self.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        if thumbnail is not None:
            self._put_thumbnail(thumbnail)
        if not (target.exists() and target.stat().st_size == self.size_bytes):
            os.replace(self.path, target)  # noqa: PTH105  as atomic as its name
        _sync_folder(target.parent)
        _sync_folder(target.parent.parent)

    def _put_thumbnail(self, thumbnail: bytes) -> None:
        beside = self.path.with_suffix(_THUMBNAIL)
        with beside.open("wb") as file:
            file.write(thumbnail)
            _sync(file)
        os.replace(beside, self._files.thumbnail_of(self.sha256))  # noqa: PTH105  as above


class MediaFolder:
    """Implements `MediaFiles`."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first content comes."""
        self._folder = folder
        self.placing = asyncio.Lock()

    def path_of(self, sha256: str) -> Path:
        """Return where a content lies."""
        return self._folder / sha256[:2] / sha256[2:]

    def thumbnail_of(self, sha256: str) -> Path:
        """Return where a content's thumbnail lies."""
        return self._folder / sha256[:2] / (sha256[2:] + _THUMBNAIL)

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterator[bytes], *, limit_bytes: int) -> AsyncIterator[StoredDraft]:
        """Take a content in; what was not placed at the end is removed. Raises FetchFailed."""
        path = self._folder / _INCOMING / uuid4().hex
        try:
            yield await self._receive(path, chunks, limit_bytes)
        finally:
            await asyncio.to_thread(_remove, path, path.with_suffix(_THUMBNAIL))

    async def drop(self, hashes: Collection[str]) -> None:
        """Remove contents; one that cannot be removed now stays until it is asked for again."""
        await asyncio.to_thread(self._drop, hashes)

    async def clean(self) -> None:
        """Remove what was cut off."""
        await asyncio.to_thread(self._clean)

    def shelves(self) -> Sequence[str]:
        """Name the parts in which contents lie."""
        return _SHELVES

    async def on_shelf(self, shelf: str) -> Collection[str]:
        """Return the hashes of all contents in one part."""
        return await asyncio.to_thread(self._on_shelf, shelf)

    async def _receive(self, path: Path, chunks: AsyncIterator[bytes], limit_bytes: int) -> StoredDraft:
        file = await _writing(_open, path)
        try:
            hashed, size_bytes, waiting = hashlib.sha256(), 0, bytearray()
            async for chunk in chunks:
                hashed.update(chunk)
                size_bytes += len(chunk)
                if size_bytes > limit_bytes:
                    raise too_large(limit_bytes)
                waiting += chunk
                if len(waiting) >= WRITE_AT_ONCE:
                    await _writing(file.write, bytes(waiting))
                    waiting.clear()
            await _writing(_finish, file, bytes(waiting))
        finally:
            file.close()
        return StoredDraft(self, path, hashed.hexdigest(), size_bytes)

    def _drop(self, hashes: Collection[str]) -> None:
        for sha256 in hashes:
            try:
                _remove(self.path_of(sha256), self.thumbnail_of(sha256))
            except OSError as error:  # Windows removes nothing that somebody reads
                log.warning("media_not_removed", sha256=sha256, reason=error.strerror)

    def _clean(self) -> None:
        incoming = self._folder / _INCOMING
        left = list(incoming.iterdir()) if incoming.is_dir() else []
        _remove(*left)
        if left:
            log.info("media_cleaned", files=len(left))

    def _on_shelf(self, shelf: str) -> Collection[str]:
        folder = self._folder / shelf
        names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  a hundred thousand names, no paths
        return {shelf + name.removesuffix(_THUMBNAIL) for name in names}


def too_large(limit_bytes: int) -> FetchFailed:
    """Say that a content is larger than this site takes."""
    limit = f"{limit_bytes / 2**20:.0f} MB"
    return FetchFailed(MediaTrouble.TOO_LARGE, troubles.TOO_LARGE.format(limit=limit))


async def _writing(work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
    """Let a thread do what the disk may refuse. Raises FetchFailed."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise FetchFailed(MediaTrouble.NOT_WRITTEN, troubles.NOT_WRITTEN.format(why=why))


def _open(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def _finish(file: BinaryIO, rest: bytes) -> None:
    file.write(rest)
    _sync(file)
    file.close()


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make names durable; Windows has no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
