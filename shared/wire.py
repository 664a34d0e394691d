"""The wire between relay and site: one batch of events out, one receipt back. Pure: bytes in, values out.

The rules of the contract (docs/protocol.md):
- A relay may be one release ahead of or behind a site: readers ignore fields and kinds they do not know.
- An event's payload is the platform's item, byte for byte as it came; it is never parsed and written anew on the way.
- One odd event never costs another: `decode_batch` returns what it could read and names what it could not.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw

from shared.errors import WireError

VERSION = 1
EVENTS_PATH = "/relay/events"
"""Where a site receives pushes, below its public address."""

MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Largest body a site accepts (413 beyond it). One event of Meta's is far below 1 MiB."""

KIND_MESSAGING = "messaging"
KIND_STANDBY = "standby"
KIND_CHANGES = "changes"
PLATFORM_KINDS = (KIND_MESSAGING, KIND_STANDBY, KIND_CHANGES)
"""Meta's three arrays. The relay's own kinds have a dot: `page.connected`."""


class Event(msgspec.Struct, frozen=True):
    """One event on its way to a site."""

    id: str
    """Id in the site's outbox, unique per site and growing: `<milliseconds>-<number>`."""
    page_id: str
    received_at: str
    """When the relay accepted it, ISO 8601 in UTC with milliseconds."""
    kind: str
    payload: Raw
    """Meta's item verbatim (JSON)."""


class Unreadable(msgspec.Struct, frozen=True):
    """An event of a batch that breaks the contract."""

    id: str
    """Its id, or an empty text where not even that could be read."""
    reason: str


class Batch(msgspec.Struct, frozen=True):
    """What one push carried."""

    site: str
    events: Sequence[Event]
    unreadable: Sequence[Unreadable]


class Rejection(msgspec.Struct, frozen=True):
    """One event that the site refuses for good; the relay keeps it among the dead letters."""

    id: str
    reason: str


class Receipt(msgspec.Struct, frozen=True):
    """The site's answer to a batch. What is accepted is committed."""

    accepted: int
    rejected: Sequence[Rejection] = ()


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    version: int
    site: str
    events: list[Raw]


class _OnlyId(msgspec.Struct, frozen=True):
    id: str


_encoder = msgspec.json.Encoder()
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_event_decoder = msgspec.json.Decoder(Event)
_id_decoder = msgspec.json.Decoder(_OnlyId)
_receipt_decoder = msgspec.json.Decoder(Receipt)


def encode_batch(site: str, events: Iterable[Event]) -> bytes:
    """Write a batch; payloads are copied, not re-serialised."""
    return _encoder.encode({"type": "events", "version": VERSION, "site": site, "events": list(events)})


def decode_batch(body: bytes) -> Batch:
    """Read a batch of this version or a later one.

    Raises WireError when the envelope itself cannot be read; a single odd event ends in `unreadable`.
    """
    try:
        envelope = _envelope_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"the body is no batch of events: {error}") from None
    if envelope.type != "events":
        raise WireError(f"the body's type is {envelope.type!r}, expected 'events'")
    events: list[Event] = []
    unreadable: list[Unreadable] = []
    for raw in envelope.events:
        try:
            events.append(_event_decoder.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            unreadable.append(Unreadable(id=_id_of(raw), reason=str(error)))
    return Batch(site=envelope.site, events=events, unreadable=unreadable)


def encode_receipt(receipt: Receipt) -> bytes:
    """Write the site's answer."""
    if receipt.rejected:
        return _encoder.encode(receipt)
    return _encoder.encode({"accepted": receipt.accepted})


def decode_receipt(body: bytes) -> Receipt:
    """Read a site's answer. Raises WireError for anything that is none."""
    try:
        return _receipt_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"the answer is no receipt: {error}") from None


def _id_of(raw: Raw) -> str:
    try:
        return _id_decoder.decode(raw).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
