"""The relay's own events about a page, as payloads on the wire: connected, disconnected. Bytes in, values out.

They travel through the site's outbox like Meta's events, in order with them. A reader ignores fields that it does not
know; a kind that it does not know it keeps and leaves alone (`shared.wire`).
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from shared.errors import WireError

KIND_CONNECTED = "page.connected"
"""The site may send for the page from now on."""
KIND_DISCONNECTED = "page.disconnected"
"""Nothing comes for the page any more."""


class PageConnected(msgspec.Struct, frozen=True):
    """A page's token for the site."""

    name: str
    sealed: Sequence[str]
    """What `shared.page_token` sealed."""


class PageDisconnected(msgspec.Struct, frozen=True):
    """Why a page is gone."""

    reason: str
    """In words, for the site's people."""


_Event = TypeVar("_Event", PageConnected, PageDisconnected)

_encode = msgspec.json.Encoder().encode


def encode(event: PageConnected | PageDisconnected) -> bytes:
    """Write a payload."""
    return _encode(event)


def decode_connected(payload: bytes) -> PageConnected:
    """Read a payload of KIND_CONNECTED. Raises WireError."""
    return _decode(payload, PageConnected)


def decode_disconnected(payload: bytes) -> PageDisconnected:
    """Read a payload of KIND_DISCONNECTED. Raises WireError."""
    return _decode(payload, PageDisconnected)


def _decode(payload: bytes, kind: type[_Event]) -> _Event:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"the payload is no {kind.__name__}: {error}") from None
