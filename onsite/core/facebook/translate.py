"""Items of Meta's webhooks become facts. The way in; each kind has its reader in a file of its own.

Total: for any bytes there is a Translation or a TranslationError, nothing else. Parsing is as tolerant as Meta is
inventive: an unknown kind is a placeholder, an unknown key is ignored, an odd field is as good as a missing one.
"""

from collections.abc import Callable

from onsite.core.errors import TranslationError
from onsite.core.event_key import derived_key
from onsite.core.facebook.changes import translate_deletion, translate_edit, translate_reaction
from onsite.core.facebook.event import DELIVERY, EDIT, MESSAGE, POSTBACK, REACTION, READ, Event, read_event
from onsite.core.facebook.messages import translate_message, translate_postback
from onsite.core.facebook.others import translate_other
from onsite.core.facebook.receipts import translate_receipt
from onsite.core.model import Translation
from shared.lenient import decode_object
from shared.wire import KIND_MESSAGING, KIND_STANDBY


def _translate_message(event: Event) -> Translation:
    gone = event.content.get("is_deleted") is True  # Instagram's, with the mid of the message that is gone
    return translate_deletion(event) if gone else translate_message(event)


_TRANSLATORS: dict[str, Callable[[Event], Translation]] = {
    MESSAGE: _translate_message,
    POSTBACK: translate_postback,
    DELIVERY: translate_receipt,
    READ: translate_receipt,
    EDIT: translate_edit,
    REACTION: translate_reaction,
}


def translate_item(kind: str, page_id: str, payload: bytes, *, received_at_ms: int) -> Translation:
    """Translate one item as it came from Meta.

    `kind` is the array it stood in. Items of `messaging` and of `standby` (another app may answer) mean the same and
    have the same keys; an item of any other array (`changes`) concerns no conversation in this release.
    `received_at_ms` (milliseconds since 1970) stands in where the event tells no moment.

    Raises TranslationError, nothing else.
    """
    try:
        item = decode_object(payload)
        if kind not in (KIND_MESSAGING, KIND_STANDBY):
            return Translation(derived_key("item", kind, item), ())
        event = read_event(item, page_id=page_id, received_at_ms=received_at_ms)
        return _TRANSLATORS.get(event.kind, translate_other)(event)
    except ValueError as error:
        raise TranslationError(f"the item cannot be read: {error}") from None
    except RecursionError:
        raise TranslationError("the item cannot be read: it is nested too deeply") from None
