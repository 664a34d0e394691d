"""Attachments of a Telegram message: a handle for `getFile`, a place, a contact, or a sheet. Nothing is fetched.

Some content fills two keys for the sake of older readers: an animation also stands under `document`, a venue also under
`location`, a live photo also under `photo`. The table's order says which of the two is read.
Source: https://core.telegram.org/bots/api#message
"""

from collections.abc import Callable
from typing import Any

from onsite.core.model import Attachment, AttachmentKind
from onsite.core.telegram.sheets import SHEETS
from shared.lenient import JsonObject, as_id, as_list, as_number, as_object, as_size, as_text


def read_attachments(message: JsonObject) -> tuple[Attachment, ...]:
    """Read whatever is attached to a message; normally one thing, as an album comes as several messages."""
    present = [key for key in READERS if message.get(key) not in (None, [], {})]
    doubled = {_DOUBLES[key] for key in present if key in _DOUBLES}
    return tuple(READERS[key](message[key]) for key in present if key not in doubled)


def _file(kind: AttachmentKind, *title_keys: str) -> Callable[[Any], Attachment]:
    def read(value: Any) -> Attachment:
        file = as_object(value)
        titles = (as_text(file.get(key)) for key in title_keys)
        return Attachment(
            kind,
            file_id=as_id(file.get("file_id")),
            name=as_text(file.get("file_name")),
            mime_type=as_text(file.get("mime_type")),
            size_bytes=as_size(file.get("file_size")),
            title=", ".join(filter(None, titles)),
        )

    return read


def _photo(value: Any) -> Attachment:
    """Read the largest of the sizes that one picture comes in: the last."""
    sizes = [as_object(size) for size in as_list(value)]
    return _file(AttachmentKind.IMAGE)(sizes[-1] if sizes else {})


def _location(value: Any) -> Attachment:
    place = as_object(value)
    return Attachment(
        AttachmentKind.LOCATION,
        title="live location" if place.get("live_period") else "",
        latitude=as_number(place.get("latitude")),
        longitude=as_number(place.get("longitude")),
    )


def _venue(value: Any) -> Attachment:
    venue = as_object(value)
    place = as_object(venue.get("location"))
    names = (as_text(venue.get(key)) for key in ("title", "address"))
    return Attachment(
        AttachmentKind.LOCATION,
        title=", ".join(filter(None, names)),
        latitude=as_number(place.get("latitude")),
        longitude=as_number(place.get("longitude")),
    )


def _contact(value: Any) -> Attachment:
    """Read a contact: `title` is the person's name, `name` the telephone number."""
    contact = as_object(value)
    names = (as_text(contact.get(key)) for key in ("first_name", "last_name"))
    return Attachment(
        AttachmentKind.CONTACT, name=as_text(contact.get("phone_number")), title=" ".join(filter(None, names))
    )


READERS: dict[str, Callable[[Any], Attachment]] = {
    "animation": _file(AttachmentKind.ANIMATION),
    "audio": _file(AttachmentKind.AUDIO, "performer", "title"),
    "document": _file(AttachmentKind.FILE),
    "photo": _photo,
    "sticker": _file(AttachmentKind.STICKER, "emoji"),
    "video": _file(AttachmentKind.VIDEO),
    "video_note": _file(AttachmentKind.VIDEO_NOTE),
    "voice": _file(AttachmentKind.VOICE),
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    **SHEETS,
}
_DOUBLES = {"animation": "document", "venue": "location"}
"""What else a key's content stands under."""
