"""Attachments of a Messenger message as references. Nothing is fetched here.

The list is one of kinds that Meta adds to: an unknown one becomes OTHER with its name as the title, never nothing.
Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks (`messages`)
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from onsite.core.model import Attachment, AttachmentKind
from shared.clock import iso_ms
from shared.lenient import JsonObject, as_epoch_ms, as_id, as_list, as_number, as_object, as_text

_MEDIA = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "file": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
}
_LINKS = {
    "fallback": AttachmentKind.LINK,
    "post": AttachmentKind.POST,
    "ig_post": AttachmentKind.POST,
    "share": AttachmentKind.POST,
    "reel": AttachmentKind.REEL,
    "ig_reel": AttachmentKind.REEL,
    "story_mention": AttachmentKind.STORY,
}
_WORDED = {"story_mention": "mentioned you in a story", "ephemeral": "disappearing picture or video"}
"""Kinds whose own word says too little."""
_THUMBS_UP = "369239263222822"
"""The sticker behind Messenger's like button."""


def read_attachments(value: Any) -> tuple[Attachment, ...]:
    """Read `message.attachments`, whatever stands there."""
    attachments = [attachment for item in as_list(value) for attachment in _read(as_object(item))]
    stickers = {attachment.url for attachment in attachments if attachment.kind is AttachmentKind.STICKER}
    # From 2026-06-01 to 2026-08-30 a sticker came twice: as itself and, for older readers, as an image.
    unique = dict.fromkeys(
        attachment
        for attachment in attachments
        if not (attachment.kind is AttachmentKind.IMAGE and attachment.url in stickers)
    )
    return tuple(unique)


def read_story(value: Any) -> tuple[Attachment, ...]:
    """Read the story of ours that an Instagram message answers, if it does."""
    story = as_object(value)
    return (Attachment(AttachmentKind.STORY, url=as_text(story.get("url")), title="your story"),) if story else ()


def _read(item: JsonObject) -> Iterator[Attachment]:
    kind, payload = as_text(item.get("type")), as_object(item.get("payload"))
    if kind in _MEDIA:
        yield _media(_MEDIA[kind], payload)
    elif kind in _LINKS:
        yield Attachment(_LINKS[kind], url=_url(item, payload), title=_title(item, payload) or _words(kind))
    elif kind == "location":
        yield _location(item, payload)
    elif kind == "template":
        yield from _template(item, payload)
    elif kind == "appointment_booking":
        yield _appointment(payload)
    else:
        yield Attachment(AttachmentKind.OTHER, url=_url(item, payload), title=_words(kind) or "unnamed attachment")


def _media(kind: AttachmentKind, payload: JsonObject) -> Attachment:
    url = as_text(payload.get("url"))
    sticker_id = as_id(payload.get("sticker_id"))
    if sticker_id or kind is AttachmentKind.STICKER:  # until 2026-08 a sticker could be an image with this id
        title = "thumbs up" if sticker_id == _THUMBS_UP else ""
        return Attachment(AttachmentKind.STICKER, url=url, title=title)
    return Attachment(kind, url=url, name=_file_name(url) if kind is AttachmentKind.FILE else "")


def _appointment(payload: JsonObject) -> Attachment:
    title = f"appointment {as_text(payload.get('status'))}".strip()
    moments = [_moment(payload.get(name)) for name in ("start_time", "end_time")]
    zone = as_text(payload.get("timezone"))
    when = " to ".join(filter(None, moments))
    return Attachment(AttachmentKind.OTHER, title=title, description=f"{when} ({zone})" if when and zone else when)


def _moment(value: Any) -> str:
    at_ms = as_epoch_ms(value)
    return "" if at_ms is None else iso_ms(at_ms)


def _location(item: JsonObject, payload: JsonObject) -> Attachment:
    coordinates = as_object(payload.get("coordinates"))
    return Attachment(
        AttachmentKind.LOCATION,
        url=_url(item, payload),
        title=_title(item, payload),
        latitude=as_number(coordinates.get("lat")),
        longitude=as_number(coordinates.get("long")),
    )


def _template(item: JsonObject, payload: JsonObject) -> Iterator[Attachment]:
    """Read shared products, which are elements, or the echo of a sent template, which has a type and a text."""
    products = [as_object(product) for product in as_list(as_object(payload.get("product")).get("elements"))]
    for product in products:
        title, description = as_text(product.get("title")) or "product", as_text(product.get("subtitle"))
        url = as_text(product.get("image_url"))
        yield Attachment(AttachmentKind.PRODUCT, url=url, title=title, description=description)
    if not products:
        name = f"{_words(as_text(payload.get('template_type')))} template".strip()
        title = _title(item, payload) or as_text(payload.get("text")) or name
        lines = "\n".join(_template_lines(payload))
        yield Attachment(AttachmentKind.TEMPLATE, url=_url(item, payload), title=title, description=lines)


def _template_lines(payload: JsonObject) -> Iterator[str]:
    """Write a template's cards, each with its buttons, and the buttons below all of them."""
    for element in (*map(as_object, as_list(payload.get("elements"))), payload):
        if element is not payload:
            yield " ".join(filter(None, (as_text(element.get("title")), as_text(element.get("subtitle")))))
        for button in map(as_object, as_list(element.get("buttons"))):
            yield f"[{as_text(button.get('title')) or 'button'}]"


def _url(item: JsonObject, payload: JsonObject) -> str:
    """Return the address, which echoes and older versions put beside the payload instead of into it."""
    return as_text(payload.get("url")) or as_text(item.get("url"))


def _title(item: JsonObject, payload: JsonObject) -> str:
    return as_text(payload.get("title")) or as_text(item.get("title"))


def _words(kind: str) -> str:
    return _WORDED.get(kind) or kind.replace("_", " ").strip()


def _file_name(url: str) -> str:
    """Return the last part of an address's path, where Meta keeps the name of a file that a customer sent."""
    return unquote(url.partition("?")[0].rpartition("/")[2]) if "://" in url else ""
