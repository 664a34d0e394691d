"""The relay's own events about a page, as payloads on the wire: what became of it, in order with Meta's events.

Bytes in, values out.

They travel through the site's outbox like Meta's events. A reader ignores fields that it does not
know; a kind that it does not know it keeps and leaves alone (`shared.wire`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from shared.errors import WireError

KIND_CONNECTED = "page.connected"
"""The site may send for the page from now on."""
KIND_DISCONNECTED = "page.disconnected"
"""Nothing comes for the page any more."""
KIND_TOKEN_INVALID = "page.token_invalid"  # noqa: S105  a kind, not a secret
"""Facebook takes the page's token no longer: nothing can be sent until it is connected anew."""
KIND_GAP = "page.gap"
"""For some time Meta may have sent nothing of what customers wrote."""

KINDS = frozenset({KIND_CONNECTED, KIND_DISCONNECTED, KIND_TOKEN_INVALID, KIND_GAP})

ABOUT_ONE_SITE = frozenset({KIND_CONNECTED, KIND_DISCONNECTED, KIND_TOKEN_INVALID})
"""What says something of one site and its copy of the token, and nothing to another site that gets the page."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its time zone; RFC 3339 on the wire."""


class PageConnected(msgspec.Struct, frozen=True):
    """A page's token for the site."""

    name: str
    sealed: Sequence[str]
    """What `shared.page_token` sealed."""


class PageDisconnected(msgspec.Struct, frozen=True):
    """Why a page is gone."""

    reason: str
    """In words, for the site's people."""


class PageTokenInvalid(msgspec.Struct, frozen=True):
    """Why a page's token is dead."""

    reason: str
    """In words, with what mends it, for the site's people."""
    code: int | None = None
    """Meta's error code, where there was an error."""
    subcode: int | None = None


class PageGap(msgspec.Struct, frozen=True):
    """The time in which events may be missing, wider rather than narrower."""

    since: Instant = msgspec.field(name="from")
    until: Instant = msgspec.field(name="to")
    reason: str = ""
    """In words, for the site's people."""


PageEvent = PageConnected | PageDisconnected | PageTokenInvalid | PageGap

_Event = TypeVar("_Event", PageConnected, PageDisconnected, PageTokenInvalid, PageGap)

_encode = msgspec.json.Encoder().encode


def encode(event: PageEvent) -> bytes:
    """Write a payload."""
    return _encode(event)


def decode_connected(payload: bytes) -> PageConnected:
    """Read a payload of KIND_CONNECTED. Raises WireError."""
    return _decode(payload, PageConnected)


def decode_disconnected(payload: bytes) -> PageDisconnected:
    """Read a payload of KIND_DISCONNECTED. Raises WireError."""
    return _decode(payload, PageDisconnected)


def decode_token_invalid(payload: bytes) -> PageTokenInvalid:
    """Read a payload of KIND_TOKEN_INVALID. Raises WireError."""
    return _decode(payload, PageTokenInvalid)


def decode_gap(payload: bytes) -> PageGap:
    """Read a payload of KIND_GAP. Raises WireError, also for a gap that ends before it begins."""
    gap = _decode(payload, PageGap)
    if gap.until < gap.since:
        raise WireError("the payload is no PageGap: it ends before it begins")
    return gap


def _decode(payload: bytes, kind: type[_Event]) -> _Event:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"the payload is no {kind.__name__}: {error}") from None
