"""A relay with sites that listen and pages that are bound, ready for something to happen to its Redis."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from relay.adapters import redis_append, redis_drain
from relay.engine import sending, sweeper
from tests.support.chatter import Chatter, chatting
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay, running_relay

SHORT_LEASE_S = 1.0


@dataclass(frozen=True)
class Stage:
    """The relay, and the site of each page."""

    relay: RunningRelay
    sites: Mapping[str, ReceivingSite]

    def chatting(self) -> AbstractAsyncContextManager[Chatter]:
        """Let customers write to every page meanwhile."""
        return chatting(self.relay, self.sites)

    async def is_ready(self) -> bool:
        """Whether the relay says that it would accept a webhook now."""
        async with self.relay.http.get(self.relay.url + "/readyz") as answer:
            return answer.status == 200


@contextmanager
def short_leases() -> Iterator[None]:
    """Let what a dead or interrupted drain leaves behind be taken over in one second instead of eight."""
    with (
        patch.object(redis_append, "LEASE_TTL_MS", round(SHORT_LEASE_S * 1000)),
        patch.object(redis_drain, "LEASE_TTL_MS", round(SHORT_LEASE_S * 1000)),
        patch.object(sending, "RENEW_EVERY_S", 0.3),
        patch.object(sweeper, "SWEEP_EVERY_S", 0.2),
    ):
        yield


@asynccontextmanager
async def stage(redis_url: str, data_dir: Path, sites: int = 3, **settings: Any) -> AsyncIterator[Stage]:
    """Set it up: site `s1` has the page `1`, and so on."""
    async with AsyncExitStack() as stack:
        stack.enter_context(short_leases())
        relay = await stack.enter_async_context(running_relay(redis_url, data_dir, sweeps=True, **settings))
        pages = {}
        for number in map(str, range(1, sites + 1)):
            site = await stack.enter_async_context(ReceivingSite(""))
            await relay.register(f"s{number}", site, number)
            pages[number] = site
        yield Stage(relay, pages)
