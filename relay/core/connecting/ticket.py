"""A ticket: the secret part of a one-time link, which lets whoever holds it connect pages to one site. Values only.

It tells when it ends, so that an old link can be called old after Redis forgot it. Nothing else depends on that:
whether a ticket is good, the session says that stands under its id. Its id is its hash, so that Redis holds no ticket.
"""

import base64
import hashlib
import re
from collections.abc import Callable

from pydantic import SecretStr

TICKET_TTL_S = 15 * 60
"""Seconds within which a link must be opened: long enough to hand it to somebody, short enough to forget it."""
RANDOM_BYTES = 27
"""216 bits that cannot be guessed; with what tells the end, 43 characters."""

_END_BYTES = 5
_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")

PATTERN = _TEXT.pattern
"""What a ticket and its id look like, for routes."""


def new_ticket(random: Callable[[int], bytes], *, expires_at_s: int) -> SecretStr:
    """Make a ticket that ends at this second since 1970; `random` makes so many bytes that nobody can guess."""
    return SecretStr(base64url(expires_at_s.to_bytes(_END_BYTES, "big") + random(RANDOM_BYTES)))


def ticket_id(ticket: SecretStr) -> str:
    """Name a ticket without telling it: its SHA-256 in base64url, 43 characters."""
    return digest(ticket.get_secret_value())


def says_it_ended(ticket: SecretStr, *, now_s: float) -> bool:
    """Whether a text claims to be a ticket whose time is over. Total."""
    text = ticket.get_secret_value()
    if not is_ticket_shaped(text):
        return False
    return int.from_bytes(base64.urlsafe_b64decode(text + "=")[:_END_BYTES], "big") <= now_s


def is_ticket_shaped(text: str) -> bool:
    """Whether a text could be a ticket or the id of one."""
    return _TEXT.fullmatch(text) is not None


def digest(secret: str) -> str:
    """Hash a secret that is random itself, so that it is recognised and not kept."""
    return base64url(hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest())


def base64url(data: bytes) -> str:
    """Write bytes in base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
