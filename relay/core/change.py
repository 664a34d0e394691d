"""A change of a page's binding while it is under way: what is recorded before its first step and erased after its last.

The record keeps two changes of one page from interleaving, and tells the sweep what to finish when the process that
began it is dead. It is renewed while the change runs; one that was not renewed for STALE_AFTER_S, by Redis' clock, is
taken over by whoever comes next, and never just dropped.

Its process may not be dead, though, but have stood still, and may wake in the middle of a step. So each change has a
number, greater than that of every change before it. Every place that a change writes to remembers the greatest number
that wrote there about this page, and refuses a smaller one (`gate.lua`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

RENEW_EVERY_S = 3.0
STALE_AFTER_S = 10.0
_FROM_TO = ">"
"""Between two sites; no name has it."""


class ChangeKind(StrEnum):
    """What is done to the binding."""

    BIND = "bind"
    UNBIND = "unbind"
    MOVE = "move"
    """It is handed over by one site to another."""
    SETTLE = "settle"
    """Nothing; but what the outboxes take and hold is made to fit it."""


class Mandate(NamedTuple):
    """The right to change one page's binding, until somebody with a greater number does."""

    page_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as it is recorded."""

    kind: ChangeKind
    site: str
    """The site the page goes to; empty unless it is bound."""
    token: str
    """Whose change it is."""
    number: int
    """Greater than that of every change before it; 0 where a release that knew no numbers recorded it."""
    source: str = ""
    """The site that a moved page leaves, or the only one that it is to be unbound from; empty for every other kind."""

    @classmethod
    def decode(cls, text: str) -> "Change":
        """Read a record as `begin_change.lua` writes it: when it was renewed, token, kind, sites, number."""
        _, token, kind, rest = text.split(" ", 3)
        sites, _, number = rest.partition(" ")
        source, _, site = sites.rpartition(_FROM_TO)
        return cls(ChangeKind(kind), site, token, int(number or 0), source)

    def __str__(self) -> str:
        """Return it in words."""
        source = self.source and f"from {self.source}{' to ' if self.site else ''}"
        return f"{self.kind} {source}{self.site}".rstrip()


def sites_of(site: str, source: str) -> str:
    """Write the sites of a change in one word, as its record has them: `acme`, or `acme>beta` where a page moves."""
    return f"{source}{_FROM_TO}{site}" if source else site
