"""A change of a page's binding while it is under way: what is recorded before its first step and erased after its last.

The record keeps two changes of one page from interleaving, and tells the sweep what to finish when the process that
began it is dead. It is renewed while the change runs; one that was not renewed for STALE_AFTER_S belongs to nobody.
"""

from dataclasses import dataclass
from enum import StrEnum

RENEW_EVERY_S = 3.0
STALE_AFTER_S = 10.0


class ChangeKind(StrEnum):
    """What is done to the binding."""

    BIND = "bind"
    UNBIND = "unbind"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as it is recorded."""

    kind: ChangeKind
    site: str
    """The site the page goes to; empty for an unbind."""
    token: str
    """Whose change it is."""
    renewed_at_ms: int

    def is_stale(self, *, now: float) -> bool:
        """Whether nobody works on it any more."""
        return now - self.renewed_at_ms / 1000 > STALE_AFTER_S

    def encode(self) -> str:
        """Write the record; the time comes first, where the script looks for it."""
        return f"{self.renewed_at_ms} {self.token} {self.kind} {self.site}"

    @classmethod
    def decode(cls, text: str) -> "Change":
        """Read a record."""
        renewed_at_ms, token, kind, site = text.split(" ", 3)
        return cls(ChangeKind(kind), site, token, int(renewed_at_ms))
