"""The plainest form of a webhook request, read from bytes. No sockets, and no HTTP server.

The rule: read only what cannot be read in two ways. One request, written as Meta and the proxies in front of us write
it, is recognised. Of anything else (an odd header, a head in pieces, a body in chunks, a second request behind the
first, another method or path) nothing is read at all: a real HTTP server decides about it.
Source of the syntax: RFC 9112, sections 2 to 6.
"""

import re
from enum import Enum
from typing import NamedTuple

from relay.core.webhook import SIGNATURE_HEADER, WEBHOOK_PATH

MAX_HEAD_BYTES = 8 * 1024
"""Meta's is below 1 KiB, with what proxies add."""
MAX_PART_BYTES = 64 * 1024
"""How much of a request may have come while its rest is waited for. Proxies send the head first and then the body."""

_HEAD = re.compile(
    rb"POST %s HTTP/1\.1\r\n(?P<fields>(?:[!#-'*+.0-9A-Z^-z|~-]+:[\t -~]*\r\n){1,64})\r\n"
    % re.escape(WEBHOOK_PATH.encode())
)
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_MAY_BECOME_A_HEAD = re.compile(rb"[\r\n]*(?:[A-Z]|\Z)")
_FIELD = re.compile(rb"([^:]+):([^\r]*)\r\n")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,8}")

_SIGNATURE = SIGNATURE_HEADER.lower().encode()
_GIVES_ANOTHER_MEANING = frozenset(
    {b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"trailer", b"te"}
)


class PlainRequest(NamedTuple):
    """A webhook request."""

    signature: str | None
    """The value of `X-Hub-Signature-256`."""
    body: bytes


class NotRead(Enum):
    """Why there is no request."""

    HEAD = "its head has not come whole"
    PART = "its body has not come whole"
    OTHER = "it is not plain"


def read_plain(data: bytes) -> PlainRequest | NotRead:
    """Return the request when `data` is exactly one plain one; PART when it can become one with what comes next.

    HEAD when there is no whole head of any request yet, be it plain or not; it may be longer than a plain one.
    """
    head = _HEAD.match(data)
    if head is None or head.end() > MAX_HEAD_BYTES:
        return NotRead.HEAD if _is_part_of_a_head(data) else NotRead.OTHER
    written = _FIELD.findall(head["fields"])
    fields = {name.lower(): value.strip(b"\t ") for name, value in written}
    if len(fields) != len(written) or not _is_plain(fields):  # a field twice: whose value holds?
        return NotRead.OTHER
    missing = int(fields[b"content-length"]) - (len(data) - head.end())
    if missing:
        return NotRead.PART if missing > 0 and len(data) <= MAX_PART_BYTES else NotRead.OTHER
    signature = fields.get(_SIGNATURE)
    return PlainRequest(None if signature is None else signature.decode("ascii"), data[head.end() :])


def _is_part_of_a_head(data: bytes) -> bool:
    """Whether a server would still wait; TLS knocking at the wrong door is nothing to wait for."""
    return _MAY_BECOME_A_HEAD.match(data) is not None and _END_OF_HEAD.search(data.lstrip(b"\r\n")) is None


def _is_plain(fields: dict[bytes, bytes]) -> bool:
    return (
        b"host" in fields
        and _LENGTH.fullmatch(fields.get(b"content-length", b"")) is not None
        and fields.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and _GIVES_ANOTHER_MEANING.isdisjoint(fields)
    )
