"""A message found by reading a conversation becomes the fact that its webhook would have stated. No store.

The same `mid` makes both the same message, in whatever order they come. What the page's side wrote looks like an echo
without our correlation, as this API does not tell it; so it is treated as one. Not told either: payloads of buttons and
quick replies, coordinates, what a template held.
Source: https://developers.facebook.com/docs/graph-api/reference/message (shapes of attachments: third-party knowledge)
"""

from collections.abc import Iterator

from onsite.core.errors import TranslationError
from onsite.core.facebook.conversations import Customer, Listed
from onsite.core.model import Attachment, AttachmentKind, Author, Direction, Kind, MessageFact, Person, Translation
from shared.lenient import JsonObject, as_id, as_list, as_object, as_size, as_text

KIND_FOUND = "found"
"""The kind of an event that a conversation was read for."""

_BY_MIME = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.AUDIO}


def translate_found(message: Listed, customer: Customer, *, page_id: str) -> Translation:
    """Read a message. Raises TranslationError when its thread names no customer.

    The key is not that of the webhook's event: an echo that comes later still says which of our replies it was.
    """
    if not customer.id:
        raise TranslationError("the thread names no customer")
    content = message.content
    from_page = as_id(as_object(content.get("from")).get("id")) == page_id
    text, attachments = as_text(content.get("message")), tuple(_attachments(content))
    kind = Kind.MEDIA if attachments else Kind.TEXT if text.strip() else Kind.PLACEHOLDER
    fact = MessageFact(
        conversation_key=customer.id,
        message_key=message.mid,
        direction=Direction.OUTBOUND if from_page else Direction.INBOUND,
        author=Author.ELSEWHERE if from_page else Author.CONTACT,
        sent_at_ms=message.at_ms,
        kind=kind,
        person=Person(customer.id, customer.name),
        text=text,
        label="message without content" if kind is Kind.PLACEHOLDER else "",
        attachments=attachments,
        reply_to_key=as_id(as_object(content.get("reply_to")).get("mid")),
        backfilled=True,
    )
    return Translation(f"{KIND_FOUND}:{message.mid}", (fact,))


def _attachments(content: JsonObject) -> Iterator[Attachment]:
    for item in as_list(as_object(content.get("attachments")).get("data")):
        yield _attachment(as_object(item))
    if sticker := as_text(content.get("sticker")):
        yield Attachment(AttachmentKind.STICKER, url=sticker)
    for item in as_list(as_object(content.get("shares")).get("data")):
        share = as_object(item)
        yield Attachment(AttachmentKind.LINK, url=as_text(share.get("link")), title=as_text(share.get("name")))


def _attachment(item: JsonObject) -> Attachment:
    image, video = as_object(item.get("image_data")), as_object(item.get("video_data"))
    mime_type, name = as_text(item.get("mime_type")), as_text(item.get("name"))
    url = as_text(image.get("url")) or as_text(video.get("url")) or as_text(item.get("file_url"))
    kind = _kind(image, video, mime_type)
    if kind is AttachmentKind.STICKER:
        return Attachment(kind, url=url)
    size = as_size(item.get("size"))
    return Attachment(
        kind, url=url, name=name if kind is AttachmentKind.FILE else "", mime_type=mime_type, size_bytes=size
    )


def _kind(image: JsonObject, video: JsonObject, mime_type: str) -> AttachmentKind:
    if image:
        return AttachmentKind.STICKER if image.get("render_as_sticker") is True else AttachmentKind.IMAGE
    if video:
        return AttachmentKind.VIDEO
    return _BY_MIME.get(mime_type.partition("/")[0], AttachmentKind.FILE)
