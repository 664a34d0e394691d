"""What the site keeps of attachments' contents, and the ports to where they come from and where they lie. Values only.

A row says what is known of one attachment's content; the content itself is a file, named by its hash, that any number
of rows may share. A row that is stored names a file that is there; a file that no row names is garbage.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onsite.core.media.keeping import Kept
from onsite.core.media.retries import Failure
from onsite.core.media.states import MediaState
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import AttachmentKind
from onsite.engine.channels import ChannelRef, Credentials


@dataclass(frozen=True, slots=True)
class Wanted:
    """A content that is to be fetched."""

    id: int
    channel_id: int
    channel: ChannelRef
    kind: AttachmentKind
    message_key: str
    """The platform's id of its message."""
    position: int
    """Which of the message's attachments it is; the first is 0."""
    url: str
    file_id: str
    tries: int
    """How often it was tried before."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds."""

    sha256: str
    """64 digits, hexadecimal, in small letters."""
    size_bytes: int
    mime_type: str
    """By its own bytes."""
    thumbnail_type: str
    """Of its thumbnail; empty where there is none."""


@dataclass(frozen=True, slots=True)
class MediaView:
    """What people and programs see of a content."""

    id: int
    state: MediaState
    mime_type: str
    """Empty before it was stored."""
    size_bytes: int | None
    has_thumbnail: bool
    trouble: MediaTrouble | None
    """Why it is not here, or not yet."""
    sentence: str


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """What is needed to hand a content out."""

    id: int
    content: Content
    kind: AttachmentKind
    name: str
    """As the sender calls it: not to be used as it is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One content of a list, with where it belongs."""

    media: MediaView
    kind: AttachmentKind
    conversation_id: int
    message_id: int


class MediaStore(Protocol):
    """Where is kept what is known of contents. Every method may raise StoreUnavailable."""

    async def due(self, *, now_ms: int, busy: Collection[int], busy_channels: Collection[int]) -> Sequence[Wanted]:
        """Return what may be tried now, what waits longest first, a bounded number; nothing that is busy."""
        ...

    async def next_due_ms(self, *, now_ms: int) -> int | None:
        """Return when the next one that waits may be tried; None when none waits."""
        ...

    async def start(self, media_id: int, *, not_before_ms: int) -> bool:
        """Count a try, durably, and when the next one may be if nothing more is heard. False: nothing to be done."""
        ...

    async def stored(self, media_id: int, content: Content, *, now_ms: int) -> bool:
        """Note that the content's file is there. False when the row is gone, or wants nothing any more."""
        ...

    async def failed(self, media_id: int, failure: Failure, *, not_before_ms: int | None) -> None:
        """Note why a try was in vain, and when the next one may be; None: it failed for good."""
        ...

    async def ask(self, media_id: int) -> MediaView:
        """Let one that failed or was dropped be fetched again; any other stays as it is. Raises MediaNotFound."""
        ...

    async def ask_all(self) -> int:
        """Let all that failed be fetched again, and what waits at once; returns how many those are."""
        ...

    async def ask_for_channel(self, channel_id: int) -> None:
        """Let all of a channel be fetched again that only wanted a token."""
        ...

    async def view(self, media_id: int) -> MediaView:
        """Return one. Raises MediaNotFound."""
        ...

    async def stored_media(self, media_id: int) -> StoredMedia | MediaView:
        """Return one to be handed out, or as it is when it is not stored. Raises MediaNotFound."""
        ...

    async def not_here(self, *, limit: int, before: int | None) -> Sequence[Listed]:
        """List those that wait or failed, the newest first."""
        ...


class KeptMedia(Protocol):
    """What the rules of how long and how much need of the store. Every method may raise StoreUnavailable."""

    async def drop_older(self, *, than_ms: int, failure: Failure, limit: int) -> Collection[str]:
        """Drop rows stored before; returns the hashes of their contents."""
        ...

    async def drop_contents(self, hashes: Sequence[str], failure: Failure) -> None:
        """Drop all rows that have these contents."""
        ...

    async def oldest(self, *, limit: int) -> Sequence[Kept]:
        """Return contents, those first whose newest row is oldest."""
        ...

    async def total_bytes(self) -> int:
        """Return how large all contents are together, each counted once."""
        ...

    async def needed(self, hashes: Collection[str]) -> Collection[str]:
        """Return those that a row has."""
        ...


class Draft(Protocol):
    """A content that has come and has no place yet."""

    @property
    def sha256(self) -> str:
        """Its hash."""
        ...

    @property
    def size_bytes(self) -> int:
        """Its size."""
        ...

    @property
    def path(self) -> Path:
        """Where it lies meanwhile."""
        ...

    async def place(self, thumbnail: bytes | None) -> None:
        """Put it, and what shows it, where its hash says, durably. Raises FetchFailed."""
        ...


class MediaFiles(Protocol):
    """Where contents lie."""

    @property
    def placing(self) -> asyncio.Lock:
        """Held while a file has its name and not yet its row, and while files without a row are looked for."""
        ...

    def path_of(self, sha256: str) -> Path:
        """Return where a content lies, if it does."""
        ...

    def thumbnail_of(self, sha256: str) -> Path:
        """Return where a content's thumbnail lies, if it has one."""
        ...

    def receive(self, chunks: AsyncIterator[bytes], *, limit_bytes: int) -> AbstractAsyncContextManager[Draft]:
        """Take a content in; what was not placed at the end is removed. Raises FetchFailed."""
        ...

    async def drop(self, hashes: Collection[str]) -> None:
        """Remove contents; one that cannot be removed now stays until it is asked for again."""
        ...

    async def clean(self) -> None:
        """Remove what a process left behind that was killed. For the start of the process."""
        ...

    def shelves(self) -> Sequence[str]:
        """Name the parts in which contents lie."""
        ...

    async def on_shelf(self, shelf: str) -> Collection[str]:
        """Return the hashes of all contents in one part."""
        ...


class MediaSource(Protocol):
    """A platform from which contents come."""

    def chunks(self, wanted: Wanted, credentials: Credentials | None, *, limit_bytes: int) -> AsyncGenerator[bytes]:
        """Read a content from its beginning to its end. Raises FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a content is."""

    mime_type: str
    thumbnail: bytes | None = None
    thumbnail_type: str = ""


class Recogniser(Protocol):
    """Says what a content is, by its bytes."""

    async def recognise(self, path: Path, kind: AttachmentKind) -> Recognised:
        """Look at a file. Whatever it holds, this raises nothing but OSError."""
        ...


class FetchFailed(Exception):
    """A try was in vain."""

    def __init__(self, trouble: MediaTrouble, sentence: str, *, retry_after_s: float = 0.0) -> None:
        """`sentence` is for people, and names no address."""
        super().__init__(sentence)
        self.failure = Failure(trouble, sentence, retry_after_s)
