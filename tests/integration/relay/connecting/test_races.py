"""Two sites that connect one page at the same time: one has it, and nothing of the other's is kept with it."""

import asyncio
from collections.abc import Sequence

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_sites import RedisSites
from relay.core.errors import PageTaken
from relay.core.page import TokenOwner
from relay.core.site import Site
from relay.core.webhook import Incoming
from relay.engine.page_connection import PageConnection
from shared.site_secret import new_site_secret
from shared.vault import Vault, new_master_key
from tests.support.clock import ManualClock
from tests.support.rebinding import redis_rebinding

PAGE = "1122"


class SlowGraph:
    """Meta, which lets each token's subscription wait until it may go on."""

    def __init__(self) -> None:
        self.may_go_on = {"tokenA": asyncio.Event(), "tokenB": asyncio.Event()}
        self.subscribing = {"tokenA": asyncio.Event(), "tokenB": asyncio.Event()}

    def proof_of(self, token: SecretStr) -> SecretStr:
        """Return something."""
        return token

    async def owner_of(self, _token: SecretStr) -> TokenOwner:
        """Say that it is the page's."""
        return TokenOwner(PAGE, "Acme")

    async def subscribe(self, _page_id: str, token: SecretStr) -> None:
        """Wait."""
        self.subscribing[token.get_secret_value()].set()
        await self.may_go_on[token.get_secret_value()].wait()

    async def unsubscribe(self, page_id: str, _token: SecretStr) -> None:
        """Fail: nobody unsubscribes here."""
        raise AssertionError(page_id)


@pytest.mark.parametrize("first", ["tokenA", "tokenB"])
async def test_who_comes_too_late_leaves_no_token_and_no_person_with_the_page(redis: Redis, first: str) -> None:
    vault = Vault([new_master_key()])
    sites, pages, graph = RedisSites(redis, vault), RedisPages(redis, vault), SlowGraph()
    for name in ("acme", "beta"):
        await sites.add(Site(name, f"https://{name}.example", (new_site_secret(),), 1))

    async def append(_outbox: str, _events: Sequence[Incoming]) -> Sequence[int]:
        return ()

    connection = PageConnection(
        graph, pages, redis_rebinding(redis, sites), find_site=sites.get, append=append, clock=ManualClock()
    )
    tasks = {
        token: asyncio.create_task(connection.connect(PAGE, site, SecretStr(token), connected_by=f"person of {site}"))
        for site, token in (("acme", "tokenA"), ("beta", "tokenB"))
    }
    for subscribing in graph.subscribing.values():
        await subscribing.wait()  # both found the page free
    (second,) = set(tasks) - {first}
    graph.may_go_on[first].set()
    await tasks[first]
    graph.may_go_on[second].set()
    with pytest.raises(PageTaken):
        await tasks[second]

    kept = await pages.find(PAGE)
    assert kept is not None
    winner = {"tokenA": "acme", "tokenB": "beta"}[first]
    assert (kept.site, kept.token.get_secret_value(), kept.connected_by) == (winner, first, f"person of {winner}")
