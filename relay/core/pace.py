"""How large the next batch is: small to a site that was down, doubling with each that gets through. Decisions only.

a site that was down     10, 20, 40, 80 … events, until batches are full
413, a refused batch     half of it, half of that …; then doubling again
"""

from dataclasses import replace

from relay.core.outbox import BatchLimits

PROBE_EVENTS = 10
"""How many events the first batch to a site that was down carries: enough to prove it, little to send in vain."""


def probing(limits: BatchLimits, events: int = PROBE_EVENTS) -> BatchLimits:
    """Return limits of at most so many events."""
    return replace(limits, max_events=min(limits.max_events, events))


def grown(limits: BatchLimits, full: BatchLimits) -> BatchLimits:
    """Return twice as much, up to the full size."""
    return replace(limits, max_events=min(limits.max_events * 2, full.max_events))


def shrunk(limits: BatchLimits, events: int) -> BatchLimits:
    """Return limits of exactly so many events."""
    return replace(limits, max_events=events)
