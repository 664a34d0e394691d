"""What may be shown in the browser, and what a content is called."""

import pytest

from onsite.core.media.types import ANIMATED_STICKER, EXTENSIONS, IMAGES, UNKNOWN, may_show_inline, refine
from onsite.core.model import AttachmentKind

K = AttachmentKind


@pytest.mark.parametrize("mime_type", ["video/mp4", "video/webm", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm"])
def test_sound_and_film_are_played_in_the_page(mime_type: str) -> None:
    assert may_show_inline(mime_type, readable=False)


@pytest.mark.parametrize("mime_type", sorted(IMAGES))
def test_a_picture_is_shown_only_when_it_could_be_read_here(mime_type: str) -> None:
    assert may_show_inline(mime_type, readable=True)
    assert not may_show_inline(mime_type, readable=False)


@pytest.mark.parametrize(
    "mime_type",
    [
        "image/svg+xml",
        "text/html",
        "text/xml",
        "application/pdf",
        UNKNOWN,
        ANIMATED_STICKER,
        "image/tiff",
        "IMAGE/PNG",
        "",
    ],
)
def test_everything_else_is_downloaded(mime_type: str) -> None:
    assert not may_show_inline(mime_type, readable=True)


def test_whatever_is_shown_has_an_ending_of_its_own() -> None:
    assert all(mime_type in EXTENSIONS for mime_type in IMAGES)


@pytest.mark.parametrize(
    ("sniffed", "kind", "head", "expected"),
    [
        pytest.param("image/png", K.IMAGE, b"", "image/png", id="what it is"),
        pytest.param("application/gzip", K.STICKER, b"", ANIMATED_STICKER, id="an animated sticker"),
        pytest.param("application/gzip", K.FILE, b"", "application/gzip", id="an archive"),
        pytest.param("video/mp4", K.VOICE, b"", "audio/mp4", id="a voice message in a film's container"),
        pytest.param("video/webm", K.AUDIO, b"", "audio/webm", id="sound in a film's container"),
        pytest.param("video/webm", K.STICKER, b"", "video/webm", id="a moving sticker"),
        pytest.param(None, K.IMAGE, b"  <SVG onload=alert(1)>", "image/svg+xml", id="a drawing that can run"),
        pytest.param(None, K.IMAGE, b"\xef\xbb\xbf<!DOCTYPE html><script>", "text/html", id="a page"),
        pytest.param(None, K.FILE, b"<?xml version='1.0'?><svg>", "text/xml", id="XML"),
        pytest.param(None, K.FILE, b"hello", UNKNOWN, id="nothing known"),
        pytest.param(None, K.FILE, b"", UNKNOWN, id="nothing at all"),
    ],
)
def test_a_content_is_called_by_its_bytes(
    sniffed: str | None, kind: AttachmentKind, head: bytes, expected: str
) -> None:
    assert refine(sniffed, kind, head) == expected
