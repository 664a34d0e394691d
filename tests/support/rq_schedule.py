"""The schedule of probes, for tests that are no coroutines or sit in one already."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from relay.adapters.rq_probes import open_schedule


def schedule(url: str, site: str, *, at_ms: int = 0, attempt: int = 1) -> None:
    """Schedule a probe of a site, by a thread with an event loop of its own."""

    async def probe_at() -> None:
        async with open_schedule(url) as schedule:
            await schedule.probe_at(site, at_ms=at_ms, attempt=attempt)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, probe_at()).result()
