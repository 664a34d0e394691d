"""Delivery and read receipts. Messenger tells a watermark, Instagram the one message that was seen."""

from onsite.core.event_key import derived_key
from onsite.core.facebook.event import READ, Event
from onsite.core.model import ReceiptFact, ReceiptState, Translation
from shared.lenient import as_epoch_ms, as_id, as_list


def translate_receipt(event: Event) -> Translation:
    """Read a `delivery` or a `read`. A receipt that names neither a message nor a watermark states nothing."""
    named = [*as_list(event.content.get("mids")), event.content.get("mid")]
    mids = tuple(mid for mid in map(as_id, named) if mid)
    watermark_ms = as_epoch_ms(event.content.get("watermark"))
    key = derived_key(event.kind, event.contact, event.from_page, event.timestamp_ms, watermark_ms, mids)
    if not event.contact or (not mids and watermark_ms is None):
        return Translation(key, ())
    state = ReceiptState.READ if event.kind == READ else ReceiptState.DELIVERED
    return Translation(key, (ReceiptFact(event.contact, state, mids, watermark_ms),))
