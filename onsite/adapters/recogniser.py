"""Says what a content is, by its first bytes, and makes a thumbnail of a picture. What a type allows: `core.media`.

In one thread of its own, one content at a time: a picture may take 100 MB while it is decoded. The libraries behind it
are loaded when the first content comes: a site that is never sent one pays nothing for them (docs/decisions/0039).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from onsite.core.media.types import IMAGES, refine
from onsite.core.model import AttachmentKind
from onsite.engine.media import Recognised

HEAD_BYTES = 8192
"""As much as any known type is recognised by."""


class ContentRecogniser:
    """Implements `Recogniser`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "media")

    async def recognise(self, path: Path, kind: AttachmentKind) -> Recognised:
        """Look at a file. Raises nothing but OSError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _recognise, path, kind)

    def close(self) -> None:
        """End the thread with what it does now."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def _recognise(path: Path, kind: AttachmentKind) -> Recognised:
    import filetype

    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    mime_type = refine(filetype.guess_mime(head) if head else None, kind, head)
    if mime_type not in IMAGES:
        return Recognised(mime_type)
    from onsite.adapters.thumbnails import thumbnail_of

    made = thumbnail_of(path)
    return Recognised(mime_type) if made is None else Recognised(mime_type, *made)
