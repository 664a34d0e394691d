"""A person who connected pages leaves: removes the app, or has their data deleted."""

from redis.asyncio import Redis

from relay.core import keys
from tests.integration.relay.connecting.steps import ADA, Link, bindings, logged_in
from tests.simulators.graph import GraphSimulator, deletion_answer
from tests.support.connecting import Browser
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay


async def test_who_removes_the_app_ends_the_pages_they_connected_and_their_sites_are_told(
    graph: GraphSimulator, relay: RunningRelay, acme: ReceivingSite, browser: Browser, link: Link, redis: Redis
) -> None:
    graph.app.deauthorize_url = f"{relay.url}/facebook/deauthorize"
    await browser.choose(await logged_in(graph, browser, await link()), "1122", "3344")
    told = await graph.fate.removes_app(ADA)
    await acme.has(4)

    assert (told is not None and told.status, await bindings(relay)) == (200, {})
    assert await redis.hlen(keys.PAGES) == 0
    *_, first, second = [event for batch in acme.batches for event in batch.events]
    assert {first["page_id"], second["page_id"]} == {"1122", "3344"}
    assert {first["kind"], second["kind"]} == {"page.disconnected"}
    assert "removed the app" in first["payload"]["reason"]


async def test_an_old_removal_that_is_replayed_leaves_a_page_alone_that_was_connected_anew(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    graph.app.deauthorize_url = f"{relay.url}/facebook/deauthorize"
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    told = await graph.callbacks.deauthorize(ADA, more={"issued_at": 1_700_000_000})

    assert told.status == 200
    assert await bindings(relay) == {"1122": "acme"}


async def test_whose_data_are_deleted_gets_a_page_that_says_so_and_the_relay_knows_them_no_longer(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link, redis: Redis
) -> None:
    graph.app.data_deletion_url = f"{relay.url}/facebook/data-deletion"
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    url, code = deletion_answer(await graph.callbacks.data_deletion(ADA))

    assert url == f"{relay.url}/facebook/data-deletion/{code}"
    async with relay.http.get(url) as shown:
        assert (shown.status, "Your data have been deleted" in await shown.text()) == (200, True)
    assert await bindings(relay) == {}
    assert await redis.hlen(keys.PAGES) == 0
