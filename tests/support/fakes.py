"""Fakes of the relay's smaller ports: what travels, what is scheduled, which sites there are."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from relay.core.change import Mandate
from relay.core.delivery import Delivered, Verdict
from relay.core.outbox import Entry
from relay.core.webhook import Incoming
from shared import page_events


class FakeDelivery:
    """Fits `engine.ports.Delivery`: gives scripted verdicts, then `Delivered`; remembers every batch."""

    def __init__(self, verdicts: Iterable[Verdict | Callable[[Sequence[Entry]], Verdict]] = ()) -> None:
        self.batches: list[list[Entry]] = []
        self.sites: list[str] = []
        """Where each batch went."""
        self.in_flight = 0
        self.most_in_flight = 0
        self.cancelled = 0
        self.begun = asyncio.Event()
        """Set whenever a delivery begins."""
        self.gate: asyncio.Event | None = None
        """While there is one, every delivery waits for it."""
        self._verdicts = list(verdicts)

    @property
    def payloads(self) -> list[bytes]:
        """Everything that was sent, in its order."""
        return [entry.payload for batch in self.batches for entry in batch]

    async def deliver(self, site: str, entries: Sequence[Entry]) -> Verdict:
        """See the port."""
        self.batches.append(list(entries))
        self.sites.append(site)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.begun.set()
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        verdict = self._verdicts.pop(0) if self._verdicts else Delivered()
        return verdict(entries) if callable(verdict) else verdict


class FakeSchedule:
    """Fits `engine.ports.ProbeSchedule`."""

    def __init__(self) -> None:
        self.probes: list[tuple[str, int, int]] = []
        self.handed_on: list[str] = []

    async def probe_at(self, site: str, *, at_ms: int, attempt: int) -> None:
        """See the port."""
        self.probes.append((site, at_ms, attempt))

    async def go_on(self, site: str) -> None:
        """See the port."""
        self.handed_on.append(site)


class FakeSites:
    """Fits `engine.binding.SiteLookup`."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)

    async def exists(self, name: str) -> bool:
        """See the port."""
        return name in self.names


class FakeNotices:
    """Fits `engine.handover.Notices`; has the tokens of all pages, or of none."""

    def __init__(self, *, has_tokens: bool = True) -> None:
        self._has_tokens = has_tokens

    def parting(self, page_id: str) -> Incoming:
        """See the port."""
        return Incoming(page_id, page_events.KIND_DISCONNECTED, b"parting")

    async def arrival(self, mandate: Mandate, site: str) -> Incoming | None:
        """See the port."""
        told = Incoming(mandate.page_id, page_events.KIND_CONNECTED, f"arrival at {site}".encode())
        return told if self._has_tokens else None


class FakeShelf:
    """Fits `engine.ports.OddShelf`."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.reasons: list[str] = []

    async def keep(self, entries: Sequence[bytes], *, reason: str) -> None:
        """See the port."""
        self.kept += entries
        self.reasons += [reason] * len(entries)


def tokens() -> Callable[[], str]:
    """Return a source of tokens that are easy to read: t1, t2 and so on."""
    numbers = iter(range(1, 1_000_000))
    return lambda: f"t{next(numbers)}"


def incoming(page: str, *texts: str) -> list[Incoming]:
    """Make items of a page."""
    return [Incoming(page, "messaging", f'"{text}"'.encode()) for text in texts]


def payloads(*texts: str) -> list[bytes]:
    """Return the payloads of the items that `incoming` makes of these texts."""
    return [f'"{text}"'.encode() for text in texts]
