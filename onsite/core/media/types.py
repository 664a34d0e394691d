"""What a content's type allows. The rule: shown in the browser is only what is on a list; all else is downloaded.

No type here can run anything in a browser. What can (SVG, HTML, XML, PDF) is served as a download, whatever a sender
or its first bytes call it.
"""

from onsite.core.model import AttachmentKind

UNKNOWN = "application/octet-stream"
ANIMATED_STICKER = "application/x-tgsticker"
"""Lottie in gzip (https://core.telegram.org/stickers#animated-stickers): no browser shows it by itself."""

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_PLAYED = frozenset({"video/mp4", "video/webm", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm"})

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/webm": "webm",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "application/pdf": "pdf",
    ANIMATED_STICKER: "tgs",
}

_GZIP = "application/gzip"
_HEARD = frozenset({AttachmentKind.AUDIO, AttachmentKind.VOICE})
_AS_SOUND = {"video/mp4": "audio/mp4", "video/webm": "audio/webm", "video/ogg": "audio/ogg"}
_MARKUP = (
    (b"<svg", "image/svg+xml"),
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<?xml", "text/xml"),
)
_LOOKED_AT = 1024


def may_show_inline(mime_type: str, *, readable: bool) -> bool:
    """Whether a browser may show it in the page. `readable`: it is a picture that could be read here, of a sane size.

    A picture that could not be is downloaded: it may be broken, or a few bytes that become gigabytes in a browser.
    """
    return mime_type in _PLAYED or (mime_type in IMAGES and readable)


def refine(sniffed: str | None, kind: AttachmentKind, head: bytes) -> str:
    """Return the type that is noted: what the first bytes are, with what only the attachment's kind can tell.

    `sniffed` is what the bytes alone look like, None for nothing known. The sender's word counts nowhere.
    """
    if sniffed == _GZIP and kind is AttachmentKind.STICKER:
        return ANIMATED_STICKER
    if kind in _HEARD and sniffed in _AS_SOUND:
        return _AS_SOUND[sniffed]  # one container for both; a voice message has no picture in it
    if sniffed is not None:
        return sniffed
    start = head[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((mime_type for mark, mime_type in _MARKUP if start.startswith(mark)), UNKNOWN)
