"""A content is what its bytes are, whatever it is called, and only pictures have thumbnails."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onsite.adapters.recogniser import ContentRecogniser
from onsite.core.media.types import ANIMATED_STICKER, UNKNOWN
from onsite.core.model import AttachmentKind
from tests.support.pictures import bomb_png, picture

K = AttachmentKind
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(30)
WEBM = bytes.fromhex("1a45dfa3") + b"\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + bytes(40)
OGG = b"OggS\0\2" + bytes(22) + b"\x01\x13OpusHead"


@pytest.fixture
def recogniser() -> Iterator[ContentRecogniser]:
    recogniser = ContentRecogniser()
    yield recogniser
    recogniser.close()


@pytest.mark.parametrize(
    ("content", "kind", "mime_type", "thumbnail_type"),
    [
        pytest.param(picture("JPEG"), K.IMAGE, "image/jpeg", "image/jpeg", id="JPEG"),
        pytest.param(picture("PNG", mode="RGBA"), K.FILE, "image/png", "image/png", id="a picture sent as a file"),
        pytest.param(picture("WEBP", mode="RGBA"), K.STICKER, "image/webp", "image/jpeg", id="a still sticker"),
        pytest.param(bomb_png(), K.IMAGE, "image/png", "", id="a picture that is a bomb"),
        pytest.param(OGG, K.VOICE, "audio/ogg", "", id="a voice message"),
        pytest.param(MP4, K.VOICE, "audio/mp4", "", id="a voice message in a film's container"),
        pytest.param(MP4, K.VIDEO, "video/mp4", "", id="a film"),
        pytest.param(WEBM, K.STICKER, "video/webm", "", id="a moving sticker"),
        pytest.param(gzip.compress(b'{"tgs":1}'), K.STICKER, ANIMATED_STICKER, "", id="an animated sticker"),
        pytest.param(b"ID3\x04" + bytes(30), K.AUDIO, "audio/mpeg", "", id="MP3"),
        pytest.param(b"%PDF-1.7 ...", K.FILE, "application/pdf", "", id="PDF"),
        pytest.param(b"<!DOCTYPE html><script>alert(1)</script>", K.IMAGE, "text/html", "", id="HTML as a picture"),
        pytest.param(b"<svg onload='alert(1)'/>", K.IMAGE, "image/svg+xml", "", id="SVG as a picture"),
        pytest.param(b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", K.IMAGE, "image/png", "", id="a PNG's head alone"),
        pytest.param(b"hello", K.FILE, UNKNOWN, "", id="a text"),
        pytest.param(b"", K.FILE, UNKNOWN, "", id="nothing"),
    ],
)
async def test_bytes_say_what_a_content_is(
    recogniser: ContentRecogniser,
    tmp_path: Path,
    content: bytes,
    kind: AttachmentKind,
    mime_type: str,
    thumbnail_type: str,
) -> None:
    path = tmp_path / "content"
    path.write_bytes(content)

    found = await recogniser.recognise(path, kind)

    assert (found.mime_type, found.thumbnail_type, found.thumbnail is not None) == (
        mime_type,
        thumbnail_type,
        bool(thumbnail_type),
    )


def test_a_site_that_is_sent_nothing_loads_none_of_the_libraries() -> None:
    code = "import sys, onsite.bootstrap; print([name for name in ('PIL', 'filetype') if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"
