"""A message that was found means what its webhook would have meant."""

from typing import Any

import pytest

from onsite.core.errors import TranslationError
from onsite.core.facebook.conversations import Customer, Listed
from onsite.core.facebook.found import translate_found
from onsite.core.model import Attachment, AttachmentKind, Author, Direction, Kind, MessageFact, Person

ADA = Customer("9001", "Ada")
AT_MS = 1_767_225_600_000


def found(**content: Any) -> MessageFact:
    message = Listed("m_1", AT_MS, {"from": {"id": "9001"}} | content)
    (fact,) = translate_found(message, ADA, page_id="1122").facts
    assert isinstance(fact, MessageFact)
    return fact


def test_a_text_is_the_customers_and_is_marked() -> None:
    assert found(message="hello", reply_to={"mid": "m_0"}) == MessageFact(
        conversation_key="9001",
        message_key="m_1",
        direction=Direction.INBOUND,
        author=Author.CONTACT,
        sent_at_ms=AT_MS,
        kind=Kind.TEXT,
        person=Person("9001", "Ada"),
        text="hello",
        reply_to_key="m_0",
        backfilled=True,
    )


def test_what_the_pages_side_wrote_is_like_an_echo() -> None:
    fact = found(**{"from": {"id": "1122"}, "message": "good day"})

    assert (fact.direction, fact.author, fact.conversation_key) == (Direction.OUTBOUND, Author.ELSEWHERE, "9001")
    assert fact.correlation == ""


def test_its_event_is_another_one_than_the_webhooks() -> None:
    """A webhook that comes later may carry what is not told here."""
    message = Listed("m_1", AT_MS, {"from": {"id": "9001"}})

    assert translate_found(message, ADA, page_id="1122").key == "found:m_1"


@pytest.mark.parametrize(
    ("content", "attachment"),
    [
        pytest.param(
            {"attachments": {"data": [{"mime_type": "image/jpeg", "size": 7, "image_data": {"url": "u"}}]}},
            Attachment(AttachmentKind.IMAGE, url="u", mime_type="image/jpeg", size_bytes=7),
            id="image",
        ),
        pytest.param(
            {"attachments": {"data": [{"image_data": {"url": "u", "render_as_sticker": True}}]}},
            Attachment(AttachmentKind.STICKER, url="u"),
            id="image that is a sticker",
        ),
        pytest.param({"sticker": "u"}, Attachment(AttachmentKind.STICKER, url="u"), id="sticker"),
        pytest.param(
            {"attachments": {"data": [{"video_data": {"url": "u"}}]}},
            Attachment(AttachmentKind.VIDEO, url="u"),
            id="video",
        ),
        pytest.param(
            {"attachments": {"data": [{"mime_type": "audio/mpeg", "file_url": "u", "name": "voice"}]}},
            Attachment(AttachmentKind.AUDIO, url="u", mime_type="audio/mpeg"),
            id="audio",
        ),
        pytest.param(
            {"attachments": {"data": [{"mime_type": "application/pdf", "file_url": "u", "name": "a.pdf"}]}},
            Attachment(AttachmentKind.FILE, url="u", name="a.pdf", mime_type="application/pdf"),
            id="file",
        ),
        pytest.param(
            {"shares": {"data": [{"link": "u", "name": "A page"}]}},
            Attachment(AttachmentKind.LINK, url="u", title="A page"),
            id="share",
        ),
    ],
)
def test_an_attachment_is_a_reference(content: dict[str, Any], attachment: Attachment) -> None:
    fact = found(**content)

    assert (fact.kind, fact.attachments) == (Kind.MEDIA, (attachment,))


def test_what_cannot_be_shown_is_no_blank() -> None:
    fact = found(attachments={"data": []})

    assert (fact.kind, fact.label) == (Kind.PLACEHOLDER, "message without content")


def test_a_thread_without_a_customer_is_refused() -> None:
    with pytest.raises(TranslationError, match="names no customer"):
        translate_found(Listed("m_1", AT_MS), Customer(), page_id="1122")
