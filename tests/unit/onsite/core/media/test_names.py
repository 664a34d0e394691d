"""A download's name is the sender's where that is harmless, and a header cannot be broken out of."""

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.media.names import MAX_CHARS, content_disposition, safe_name
from onsite.core.media.types import EXTENSIONS, UNKNOWN
from onsite.core.model import AttachmentKind

FILE = AttachmentKind.FILE


@pytest.mark.parametrize(
    ("claimed", "mime_type", "expected"),
    [
        pytest.param("offer.pdf", "application/pdf", "offer.pdf", id="as it is"),
        pytest.param("Angebot für Müller.pdf", "application/pdf", "Angebot für Müller.pdf", id="other letters"),
        pytest.param("../../etc/passwd", UNKNOWN, "passwd", id="a path"),
        pytest.param("C:\\temp\\a.exe", UNKNOWN, "a.exe", id="a path of Windows"),
        pytest.param("photo.exe", "image/png", "photo.png", id="an ending that lies"),
        pytest.param("photo.JPEG", "image/jpeg", "photo.JPEG", id="another spelling of the ending"),
        pytest.param("\u202egpj.exe", UNKNOWN, "gpj.exe", id="writing turned around"),
        pytest.param('a"b;c\r\nd.txt', UNKNOWN, "abcd.txt", id="what breaks out of a header"),
        pytest.param("", "audio/ogg", "file-7.ogg", id="none"),
        pytest.param("...", UNKNOWN, "file-7", id="nothing but dots"),
        pytest.param("voice.oga", "audio/ogg", "voice.oga", id="Telegram's ending of voice"),
    ],
)
def test_a_name_is_made_harmless(claimed: str, mime_type: str, expected: str) -> None:
    assert safe_name(claimed, kind=FILE, mime_type=mime_type, number=7) == expected


@given(st.text(), st.sampled_from([*EXTENSIONS, UNKNOWN]))
def test_no_name_leads_anywhere_or_breaks_a_header(claimed: str, mime_type: str) -> None:
    name = safe_name(claimed, kind=FILE, mime_type=mime_type, number=7)
    header = content_disposition(name, inline=False)

    assert 0 < len(name) <= MAX_CHARS
    assert not set(name) & set('/\\\0\r\n"')
    assert name.strip(".")
    assert header.isascii()
    assert header.isprintable()


@pytest.mark.parametrize("name", ["offer.pdf", "Angebot für Müller.pdf", "写真 1.jpg", "it's (1) 100%.txt"])
def test_a_name_is_read_back_from_the_header(name: str) -> None:
    message = Message()
    message["Content-Disposition"] = content_disposition(name, inline=True)

    assert message.get_content_disposition() == "inline"
    assert message.get_filename() is not None
    assert content_disposition(name, inline=True).partition("filename*=UTF-8''")[2]
