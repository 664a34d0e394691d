"""Sealing anew, under the first master key, what earlier ones sealed: the use case behind `onsite rotate-master-key`.

It goes through the channels in parts, each of which is one transaction. The rule: done twice it does nothing the second
time, and whoever dies in the middle has done some parts of it. Only the running site does it, with the keys that it
has: whatever it seals it can open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from onsite.engine.channels import ChannelRef
from shared.logs import get_logger

log = get_logger(__name__)

CHANNELS_AT_ONCE = 100
"""So a part keeps the writer from others for some 10 ms."""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of some channels that have something sealed."""

    resealed: int
    already: int
    """The first key opens all that they have."""
    unreadable: Sequence[ChannelRef]
    """No key opens what they have: it stays as it is."""
    last: int | None
    """The last of these channels, behind which to go on; None where these are the last."""


class SealedStore(Protocol):
    """Where credentials lie under seal. Both methods may raise StoreUnavailable."""

    @property
    def keys(self) -> Sequence[str]:
        """Fingerprints of the keys at hand, the first one first."""
        ...

    async def count(self) -> int:
        """Count the channels that have something sealed."""
        ...

    async def reseal(self, *, behind: int, at_most: int) -> Part:
        """Seal anew what the first key does not open, of the channels with a number above `behind`."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """One part, and what it is a part of."""

    part: Part
    total: int
    """Channels that have something sealed."""
    keys: Sequence[str]
    """Fingerprints of the keys that the site has, the first one first."""


class Resealing:
    """Seals anew."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    async def go_on(self, *, behind: int = 0) -> Progress:
        """Do the next part, behind a channel's number. Raises StoreUnavailable; then nothing of it is done."""
        part = await self._store.reseal(behind=behind, at_most=CHANNELS_AT_ONCE)
        unreadable = [f"{ref.platform} {ref.external_id}" for ref in part.unreadable]
        keys = self._store.keys
        log.info("sealed_anew", key=keys[0], resealed=part.resealed, already=part.already, unreadable=unreadable)
        return Progress(part, await self._store.count(), keys)
