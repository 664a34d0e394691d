"""Turns what a channel delivered into events fit for the store: translated, ignored, or quarantined. Pure, and total.

The rule: whatever comes in, an event comes out; the worst item costs only itself.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from traceback import extract_tb

from onsite.core.errors import TranslationError
from onsite.core.facebook.conversations import Customer, Listed
from onsite.core.facebook.found import KIND_FOUND, translate_found
from onsite.core.model import Platform, Translation
from onsite.engine.channels import ChannelRef
from onsite.engine.incoming import EventState, IncomingEvent
from onsite.engine.ports import ItemTranslator, UpdateTranslator
from onsite.engine.storable import storable_fact
from shared.lenient import as_text, canonical
from shared.wire import PLATFORM_KINDS, Event

UPDATE_KIND = "update"
"""The kind of every event of Telegram's."""


def key_of_news(event: Event) -> str:
    """Return the key under which an event of the relay's own is stored: two of them may have the same content."""
    return f"source:{as_text(event.id)}"


def read_relay_event(event: Event, *, translate: ItemTranslator, now_ms: int) -> IncomingEvent:
    """Read one event of the relay's; kinds other than Meta's own are kept raw and ignored."""
    payload = bytes(event.payload)
    received_at_ms = _time_of(event.received_at, default_ms=now_ms)
    return _read(
        channel=ChannelRef(Platform.FACEBOOK, event.page_id),
        source_id=as_text(event.id),
        kind=as_text(event.kind),
        payload=payload,
        received_at_ms=received_at_ms,
        translate=(lambda: translate(event.kind, event.page_id, payload, received_at_ms=received_at_ms))
        if event.kind in PLATFORM_KINDS
        else None,
    )


def read_update(
    update: bytes, *, channel: ChannelRef, update_id: int | None, translate: UpdateTranslator, now_ms: int
) -> IncomingEvent:
    """Read one update of Telegram's; `update_id` is None where it could not be told."""
    return _read(
        channel=channel,
        source_id="" if update_id is None else str(update_id),
        kind=UPDATE_KIND,
        payload=update,
        received_at_ms=now_ms,
        translate=lambda: translate(update, received_at_ms=now_ms),
    )


def read_found(message: Listed, customer: Customer, *, page_id: str, now_ms: int) -> IncomingEvent:
    """Read a message that was found in a conversation of a page."""
    return _read(
        channel=ChannelRef(Platform.FACEBOOK, page_id),
        source_id=message.mid,
        kind=KIND_FOUND,
        payload=canonical(message.content),
        received_at_ms=now_ms,
        translate=lambda: translate_found(message, customer, page_id=page_id),
    )


def read_again(
    raw: IncomingEvent, *, translate_item: ItemTranslator, translate_update: UpdateTranslator
) -> IncomingEvent:
    """Read a stored event anew, as it was received then."""
    page_id, at_ms = raw.channel.external_id, raw.received_at_ms

    def translate() -> Translation:
        if raw.kind == KIND_FOUND:
            raise TranslationError("its customer is not known: `onsite backfill` reads the conversation again")
        if raw.kind == UPDATE_KIND:
            return translate_update(raw.payload, received_at_ms=at_ms)
        return translate_item(raw.kind, page_id, raw.payload, received_at_ms=at_ms)

    return _read(
        channel=raw.channel,
        source_id=raw.source_id,
        kind=raw.kind,
        payload=raw.payload,
        received_at_ms=at_ms,
        translate=translate,
    )


def quarantine(event: IncomingEvent, error: Exception) -> IncomingEvent:
    """Return `event` without facts, with the reason."""
    return IncomingEvent(
        channel=event.channel,
        key=_raw_key(event.kind, event.payload),
        source_id=event.source_id,
        kind=event.kind,
        payload=event.payload,
        received_at_ms=event.received_at_ms,
        state=EventState.QUARANTINED,
        error=describe(error),
    )


def describe(error: Exception) -> str:
    """Say what went wrong without a word of the message: only our own errors are known to repeat none of it."""
    if isinstance(error, TranslationError):
        return as_text(str(error))
    frames = extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _read(
    *,
    channel: ChannelRef,
    source_id: str,
    kind: str,
    payload: bytes,
    received_at_ms: int,
    translate: Callable[[], Translation] | None,
) -> IncomingEvent:
    raw = IncomingEvent(
        channel=channel,
        # Two of the relay's own events may have the same content; their ids tell them apart.
        key=f"source:{source_id}",
        source_id=source_id,
        kind=kind,
        payload=payload,
        received_at_ms=received_at_ms,
        state=EventState.IGNORED,
    )
    if translate is None:
        return raw
    try:
        return _translated(raw, translate())
    except Exception as error:  # noqa: BLE001  no fault of a translator may cost another event
        return quarantine(raw, error)


def _translated(raw: IncomingEvent, translation: Translation) -> IncomingEvent:
    facts = tuple(storable_fact(fact) for fact in translation.facts)
    return IncomingEvent(
        channel=raw.channel,
        key=as_text(translation.key),
        source_id=raw.source_id,
        kind=raw.kind,
        payload=raw.payload,
        received_at_ms=raw.received_at_ms,
        state=EventState.TRANSLATED if facts else EventState.STORED,
        facts=facts,
    )


def _raw_key(kind: str, payload: bytes) -> str:
    """Identify an event by its bytes: a repetition has the same ones, as items travel verbatim."""
    return "raw:" + hashlib.sha256(kind.encode() + b"\0" + payload).hexdigest()


def _time_of(text: str, *, default_ms: int) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return default_ms
