"""What `/metrics` shows: what this process counted, or all that share its folder, and how the backlogs stand now."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from relay.adapters.shared_counts import FOLDER
from relay.engine.backlogs import Backlogs


async def expose(backlogs: Backlogs | None = None) -> bytes:
    """Write all metrics in Prometheus' text format; without `backlogs`, what was counted alone."""
    if backlogs is None:
        return generate_latest(_counted())
    await backlogs.refresh()
    asked_now = CollectorRegistry()
    asked_now.register(backlogs)
    return generate_latest(_counted()) + generate_latest(asked_now)


def _counted() -> CollectorRegistry:
    if FOLDER not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library does not type it
    return together
