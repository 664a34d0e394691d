"""Attachments of Messenger: references, whatever their shape."""

from typing import Any

import pytest

from onsite.core.model import (
    Attachment,
    AttachmentKind,
    Kind,
)
from tests.samples.messenger import (
    message,
    translate,
    translate_event,
)

FBCDN = "https://scontent.xx.fbcdn.net"
A = AttachmentKind


@pytest.mark.parametrize(
    ("name", "attachments"),
    [
        pytest.param("image", (Attachment(A.IMAGE, url=f"{FBCDN}/v/1.jpg?oe=1"),), id="an image"),
        pytest.param(
            "several_images",
            (Attachment(A.IMAGE, url=f"{FBCDN}/v/1.jpg"), Attachment(A.IMAGE, url=f"{FBCDN}/v/2.jpg")),
            id="several images of one message, in order",
        ),
        pytest.param("video", (Attachment(A.VIDEO, url="https://video.xx.fbcdn.net/v/1.mp4"),), id="a video"),
        pytest.param("audio", (Attachment(A.AUDIO, url="https://cdn.fbsbx.com/v/1.mp4"),), id="a sound"),
        pytest.param(
            "file",
            (
                Attachment(
                    A.FILE,
                    url="https://cdn.fbsbx.com/v/t59.2/annual%20report.pdf?oh=1&oe=2",
                    name="annual report.pdf",
                ),
            ),
            id="a file with the name in its address",
        ),
        pytest.param(
            "sticker", (Attachment(A.STICKER, url=f"{FBCDN}/s.png", title="thumbs up"),), id="the like button"
        ),
        pytest.param(
            "sticker_and_its_image", (Attachment(A.STICKER, url=f"{FBCDN}/s.png"),), id="a sticker sent twice is one"
        ),
        pytest.param("sticker_as_image", (Attachment(A.STICKER, url=f"{FBCDN}/s.png"),), id="a sticker of older shape"),
        pytest.param(
            "reel", (Attachment(A.REEL, url="https://www.facebook.com/reel/1", title="A reel"),), id="a shared reel"
        ),
        pytest.param(
            "post", (Attachment(A.POST, url="https://www.facebook.com/1/posts/2", title="A post"),), id="a shared post"
        ),
        pytest.param(
            "fallback_without_payload",
            (Attachment(A.LINK, url="https://x.test/old", title="Old link"),),
            id="a fallback of older shape",
        ),
        pytest.param(
            "location",
            (Attachment(A.LOCATION, url="https://maps.test", title="Pinned", latitude=48.2, longitude=16.37),),
            id="a location",
        ),
        pytest.param(
            "product",
            (Attachment(A.PRODUCT, url="https://x.test/9.jpg", title="Lamp", description="40 EUR"),),
            id="a shared product",
        ),
        pytest.param(
            "appointment",
            (
                Attachment(
                    A.OTHER,
                    title="appointment requested",
                    description="2025-10-09T08:53:20.000Z to 2025-10-09T09:53:20.000Z (Europe/Vienna)",
                ),
            ),
            id="a booking",
        ),
        pytest.param(
            "unknown_attachment",
            (Attachment(A.OTHER, url="https://x.test/h", title="holo gram"),),
            id="a kind that Meta adds later",
        ),
    ],
)
def test_an_attachment_becomes_a_reference(name: str, attachments: tuple[Attachment, ...]) -> None:
    fact = message(translate(f"messaging/{name}"))

    assert fact.attachments == attachments
    assert fact.kind is Kind.MEDIA


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        pytest.param("image", (), id="a text where the list belongs"),
        pytest.param([None, 3], (Attachment(A.OTHER, title="unnamed attachment"),), id="items that are no objects"),
        pytest.param([{"type": "image"}], (Attachment(A.IMAGE),), id="no payload"),
        pytest.param([{"type": "image", "payload": "BLOB"}], (Attachment(A.IMAGE),), id="a payload that is a text"),
        pytest.param([{"type": 7}], (Attachment(A.OTHER, title="7"),), id="a type that is a number"),
        pytest.param([{"type": "fallback"}], (Attachment(A.LINK, title="fallback"),), id="a fallback of nothing"),
        pytest.param(
            [{"type": "location", "payload": {"coordinates": {"lat": "n", "long": None}}}],
            (Attachment(A.LOCATION),),
            id="coordinates that are none",
        ),
        pytest.param(
            [{"type": "template", "payload": {"template_type": "receipt"}}],
            (Attachment(A.TEMPLATE, title="receipt template"),),
            id="a template without a title",
        ),
        pytest.param(
            [{"type": "template", "payload": {"product": {"elements": [{}]}}}],
            (Attachment(A.PRODUCT, title="product"),),
            id="a product without a name",
        ),
        pytest.param(
            [
                {
                    "type": "template",
                    "payload": {"elements": [{"title": "Lamp", "buttons": [{"title": "Buy"}, 7]}, None]},
                }
            ],
            (Attachment(A.TEMPLATE, title="template", description="Lamp\n[Buy]\n[button]\n"),),
            id="cards with buttons",
        ),
        pytest.param(
            [{"type": "story_mention", "payload": {"url": "https://x.test/s"}}, {"type": "ephemeral"}],
            (
                Attachment(A.STORY, url="https://x.test/s", title="mentioned you in a story"),
                Attachment(A.OTHER, title="disappearing picture or video"),
            ),
            id="a story and what disappears",
        ),
        pytest.param(
            [{"type": "appointment_booking", "payload": {"start_time": "soon", "timezone": "Europe/Vienna"}}],
            (Attachment(A.OTHER, title="appointment"),),
            id="a booking without a time",
        ),
        pytest.param(
            [{"type": "file", "payload": {"url": "no address"}}],
            (Attachment(A.FILE, url="no address"),),
            id="a file whose address is none",
        ),
    ],
)
def test_an_odd_attachment_is_never_nothing(odd: Any, expected: tuple[Attachment, ...]) -> None:
    fact = message(translate_event(message={"mid": "m", "text": "t", "attachments": odd}))

    assert fact.attachments == expected
