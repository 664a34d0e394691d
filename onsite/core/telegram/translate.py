"""Telegram's updates become facts. The way in; each kind has its reader in a file of its own.

Total: for any bytes there is a result or a TranslationError, nothing else. An unknown kind of update or of content is a
placeholder that names it, an unknown key is ignored, an odd field is as good as a missing one.
Keys avoid `update_id` where something better identifies an event, as Telegram starts its numbers anew after a week
of silence (https://core.telegram.org/bots/api#update).
"""

from collections.abc import Callable

from onsite.core.errors import TranslationError
from onsite.core.model import Translation
from onsite.core.telegram.messages import translate_edit, translate_message
from onsite.core.telegram.others import (
    translate_callback,
    translate_deletion,
    translate_membership,
    translate_other,
    translate_reaction,
)
from onsite.core.telegram.update import Update, read_update, require_update_id
from shared.lenient import JsonObject, decode_object

_TRANSLATORS: dict[str, Callable[[Update], Translation]] = {
    "message": translate_message,
    "channel_post": translate_message,
    "business_message": translate_message,
    "guest_message": translate_message,
    "edited_message": translate_edit,
    "edited_channel_post": translate_edit,
    "edited_business_message": translate_edit,
    "callback_query": translate_callback,
    "message_reaction": translate_reaction,
    "deleted_business_messages": translate_deletion,
    "my_chat_member": translate_membership,
}


def translate_update(update: bytes, *, received_at_ms: int) -> Translation:
    """Translate one update as it came from `getUpdates`.

    `received_at_ms` (milliseconds since 1970) stands in where the update tells no moment.

    Raises TranslationError, nothing else.
    """
    item = _decode(update)
    try:
        read = read_update(item, known=tuple(_TRANSLATORS), received_at_ms=received_at_ms)
        return _TRANSLATORS.get(read.kind, translate_other)(read)
    except RecursionError:
        raise TranslationError("the update cannot be read: it is nested too deeply") from None


def update_id_of(update: bytes) -> int:
    """Return an update's number: what the next `offset` is counted from. Raises TranslationError."""
    return require_update_id(_decode(update))


def _decode(update: bytes) -> JsonObject:
    try:
        return decode_object(update)
    except ValueError as error:
        raise TranslationError(f"the update cannot be read: {error}") from None
