"""Two relays on one Redis: one of them audits, and when it is killed the other does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest

from relay.core.page import FIELDS
from tests.simulators.graph import GraphSimulator
from tests.support import facebook
from tests.support.processes import RelayProcess, relay_environment
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay
from tests.support.waiting import process_does
from tests.world.ports import free_port

PAGE = "1122"

pytestmark = pytest.mark.timeout(180)


class Two:
    """Two relays, and the page of a site of theirs."""

    def __init__(self, graph: GraphSimulator, relays: dict[RunningRelay, RelayProcess]) -> None:
        self.graph = graph
        self.relays = relays

    async def audited_by(self) -> RunningRelay:
        """Have Facebook give the page up, ask for an audit, and return who subscribes it again."""
        self.graph.world.pages[PAGE].subscribed_fields = None
        before = {relay: self.resubscriptions(relay) for relay in self.relays}
        await next(iter(self.relays)).admin("POST", f"/bindings/{PAGE}/audit")

        async def done() -> bool:
            return any(self.resubscriptions(relay) > before[relay] for relay in self.relays)

        await process_does(done, within_s=60)
        assert set(self.graph.world.pages[PAGE].subscribed_fields or ()) == set(FIELDS)
        return next(relay for relay in self.relays if self.resubscriptions(relay) > before[relay])

    def resubscriptions(self, relay: RunningRelay) -> int:
        """Count those of one relay."""
        return sum(line["event"] == "page_resubscribed" for line in self.relays[relay].lines)

    def kill(self, relay: RunningRelay) -> None:
        """End its process as a power cut would."""
        self.relays.pop(relay).process.kill()


@pytest.fixture
async def two(redis_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    graph = GraphSimulator(app_id=facebook.APP_ID, app_secret=facebook.APP_SECRET)
    with ExitStack() as stack:
        async with graph, aiohttp.ClientSession() as http, ReceivingSite("") as site:
            graph.add_page(PAGE, name="Acme", token="EAApage", subscribed_fields=None)
            relays = {}
            for port in (free_port(), free_port()):
                where = {"RELAY_REDIS_URL": redis_url, "RELAY_PORT": str(port), "RELAY_GRAPH_URL": graph.url}
                env = relay_environment(tmp_path, **where)
                process = RelayProcess("serve", "--allow-volatile", env=env, log=tmp_path / f"{port}.log")
                relays[RunningRelay(f"http://127.0.0.1:{port}", http)] = stack.enter_context(process)
                await asyncio.to_thread(process.logged, "relay_serves")
            first = next(iter(relays))
            await first.register("acme", site)
            await first.admin("PUT", f"/bindings/{PAGE}", {"site": "acme", "page_token": "EAApage"})
            yield Two(graph, relays)


async def test_when_the_one_that_audits_is_killed_the_other_audits(two: Two) -> None:
    auditing = await two.audited_by()
    two.kill(auditing)

    assert await two.audited_by() is not auditing
