"""Attachments of Telegram: references, whatever their shape."""

from typing import Any

import pytest

from onsite.core.model import Attachment, AttachmentKind, Kind
from tests.samples.bot import (
    message,
    translate,
    translate_kind,
)

A = AttachmentKind


@pytest.mark.parametrize(
    ("name", "attachment"),
    [
        pytest.param(
            "photo", Attachment(A.IMAGE, file_id="AgAC-2", size_bytes=90_000), id="the largest size of a photo"
        ),
        pytest.param("photo_of_album", Attachment(A.IMAGE, file_id="AgAC-3"), id="a photo of an album"),
        pytest.param(
            "document",
            Attachment(A.FILE, file_id="AgAC-4", name="lease.pdf", mime_type="application/pdf", size_bytes=12_345),
            id="a document",
        ),
        pytest.param(
            "audio",
            Attachment(A.AUDIO, file_id="AgAC-6", name="song.mp3", mime_type="audio/mpeg", title="Band, Song"),
            id="a piece of music",
        ),
        pytest.param(
            "voice", Attachment(A.VOICE, file_id="AgAC-7", mime_type="audio/ogg", size_bytes=3000), id="a voice message"
        ),
        pytest.param("video", Attachment(A.VIDEO, file_id="AgAC-8", mime_type="video/mp4"), id="a video"),
        pytest.param(
            "animation", Attachment(A.ANIMATION, file_id="AgAC-9", mime_type="video/mp4"), id="an animation, once"
        ),
        pytest.param("video_note", Attachment(A.VIDEO_NOTE, file_id="AgAC-10"), id="a video note"),
        pytest.param("sticker", Attachment(A.STICKER, file_id="AgAC-11", title="👍"), id="a sticker"),
        pytest.param("live_photo", Attachment(A.IMAGE, file_id="AgAC-13"), id="a live photo, as its photo"),
        pytest.param("contact", Attachment(A.CONTACT, name="+4312345", title="Carl Dorn"), id="a contact"),
        pytest.param("location", Attachment(A.LOCATION, latitude=48.2, longitude=16.37), id="a location"),
        pytest.param("poll", Attachment(A.POLL, title="When?", description="now"), id="a poll"),
        pytest.param("checklist", Attachment(A.POLL, title="To do"), id="a checklist"),
        pytest.param("dice", Attachment(A.DICE, title="🎲 4"), id="a die"),
        pytest.param("game", Attachment(A.OTHER, title="Chess", description="d"), id="a game"),
        pytest.param("story", Attachment(A.STORY, title="News"), id="a story"),
        pytest.param(
            "venue",
            Attachment(A.LOCATION, title="Office, Ring 1", latitude=48.2, longitude=16.37),
            id="a venue, once",
        ),
    ],
)
def test_an_attachment_becomes_a_reference(name: str, attachment: Attachment) -> None:
    fact = message(translate(name))

    assert fact.attachments == (attachment,)
    assert fact.kind is Kind.MEDIA


def test_a_caption_is_the_text_of_its_attachment() -> None:
    assert message(translate("photo")).text == "the leak"


@pytest.mark.parametrize(
    ("content", "attachment"),
    [
        pytest.param({"photo": [None]}, Attachment(A.IMAGE), id="a photo of nothing"),
        pytest.param({"photo": "x"}, Attachment(A.IMAGE), id="a photo that is a text"),
        pytest.param({"document": 7}, Attachment(A.FILE), id="a document that is a number"),
        pytest.param(
            {"document": {"file_id": 7, "file_size": -1}}, Attachment(A.FILE, file_id="7"), id="a size below nothing"
        ),
        pytest.param({"location": {"latitude": "n"}}, Attachment(A.LOCATION), id="a place nowhere"),
        pytest.param({"venue": {"title": "Office"}}, Attachment(A.LOCATION, title="Office"), id="a venue nowhere"),
    ],
)
def test_an_odd_attachment_is_still_one(content: dict[str, Any], attachment: Attachment) -> None:
    fact = message(translate_kind("message", {"message_id": 1, "chat": {"id": 1}, **content}))

    assert fact.attachments == (attachment,)


def test_an_empty_photo_is_no_attachment() -> None:
    fact = message(translate_kind("message", {"message_id": 1, "chat": {"id": 1}, "photo": [], "text": "t"}))

    assert (fact.kind, fact.attachments) == (Kind.TEXT, ())
