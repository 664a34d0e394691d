"""What a login keeps from others: its cookie, its pages, and all that Redis holds of it."""

import pytest
from redis.asyncio import Redis

from tests.integration.relay.connecting.steps import Link, logged_in
from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_goes_when_all_is_done(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    form = await logged_in(graph, browser, await link())
    attributes = {part.strip().lower() for part in browser.set_cookies[0].split(";")[1:]}
    await browser.choose(form, "1122")

    assert browser.set_cookies[0].startswith("__Host-connect-")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
    assert browser.cookies == {}


@pytest.mark.parametrize(
    "path", ["/facebook/connect/nonsense", "/facebook/callback", "/facebook/data-deletion/nonsense"]
)
async def test_every_page_may_load_and_be_framed_by_nothing_and_is_kept_by_nobody(browser: Browser, path: str) -> None:
    seen = await browser.get(path)

    assert "default-src 'none'" in seen.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in seen.headers["Content-Security-Policy"]
    assert (seen.headers["Cache-Control"], seen.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (seen.headers["X-Frame-Options"], seen.headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


async def test_redis_holds_neither_ticket_nor_cookie_nor_token_in_the_clear(
    graph: GraphSimulator, redis: Redis, browser: Browser, link: Link
) -> None:
    url = await link()
    form = await logged_in(graph, browser, url)
    dump = {key: await redis.dump(key) async for key in redis.scan_iter("*")}
    held = b"".join(key + (value or b"") for key, value in dump.items())
    ticket = url.rpartition("/")[2]
    ours = [key for key in dump if key.startswith(b"relay:connect:")]

    assert form.title == "Choose the pages to connect"
    assert len(ours) == 1
    assert all([await redis.ttl(key) > 0 for key in ours])
    for secret in [ticket, *browser.cookies.values(), *graph.tokens.of_page("1122"), form.form_token]:
        assert secret.encode() not in held
