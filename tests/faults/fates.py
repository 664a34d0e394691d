"""What becomes of an event at its site for good, told by its name, so that a light site needs no list."""

from enum import StrEnum


class Fate(StrEnum):
    """What a site does about an event whenever it comes."""

    TAKEN = "taken"
    REJECTED = "rejected"
    """The site takes the rest of its batch, and names this event in its receipt."""
    BLOCKED = "blocked"
    """Something in front of the site answers 403 to every batch with this event."""


def marked(name: str, fate: Fate) -> str:
    """Return the name of an event with this fate."""
    return name if fate is Fate.TAKEN else f"{name}.{fate}"


def fate_of(name: str) -> Fate:
    """Return the fate of an event with this name."""
    last = name.rpartition(".")[2]
    return Fate(last) if last in {Fate.REJECTED, Fate.BLOCKED} else Fate.TAKEN
