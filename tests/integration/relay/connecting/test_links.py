"""Links to connect pages: who gets one, where it may lead back to, and that it works once."""

import json
from pathlib import Path

import pytest
from redis.asyncio import Redis

from relay.core import keys
from tests.integration.relay.connecting.steps import Ask, Link
from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay, running_relay


async def test_a_link_works_once(browser: Browser, relay: RunningRelay, link: Link) -> None:
    url = await link()
    first, second = await browser.follow(url), await Browser(relay).follow(url)
    late = await Browser(relay).submit(url, [])
    same = await browser.follow(url)

    assert (first.status, second.status, second.title) == (303, 410, "This step was done already")
    assert (late.status, late.title) == (410, "This step was done already")
    assert (same.status, same.location) == (303, same.location)
    assert same.location != first.location


async def test_a_link_that_was_never_made_is_not_known(browser: Browser, link: Link) -> None:
    url = await link()
    forged = await browser.get(url[:-8] + "AAAAAAAA")
    cut = await browser.get(url[:-8])

    assert [forged.status, cut.status] == [404, 404]
    assert forged.title == cut.title == "This link is not known"


async def test_a_link_that_expired_says_so(browser: Browser, redis: Redis, link: Link) -> None:
    url = await link()
    (key,) = [key async for key in redis.scan_iter("relay:connect:*")]
    record = json.loads(await redis.get(key) or b"")
    await redis.set(key, json.dumps(record | {"expires_at_ms": 1}))
    seen = await browser.get(url)

    assert (seen.status, seen.title) == (410, "This link has expired")


async def test_a_preview_of_a_link_does_not_use_it_up(relay: RunningRelay, browser: Browser, link: Link) -> None:
    url = await link()
    async with relay.http.head(url, allow_redirects=False) as answer:
        assert answer.status == 405
    preview = Browser(relay)
    shown = await preview.get(url)

    assert (shown.status, preview.set_cookies) == (200, [])
    assert (await browser.follow(url)).status == 303


async def test_a_link_says_whose_it_is_and_its_button_may_lead_to_facebook_alone(
    browser: Browser, acme: ReceivingSite, graph: GraphSimulator, link: Link
) -> None:
    shown = await browser.get(await link())

    assert shown.title == "Connect Facebook pages to acme"
    assert acme.url in shown.text
    assert f"form-action 'self' {graph.url};" in shown.headers["Content-Security-Policy"]


@pytest.mark.parametrize("sender", ["cross-site", "same-site"])
async def test_another_sites_page_cannot_press_the_button(browser: Browser, link: Link, sender: str) -> None:
    url = await link()
    pressed = await browser.submit(url, [], **{"Sec-Fetch-Site": sender})

    assert (pressed.status, browser.set_cookies) == (400, [])
    assert (await browser.follow(url)).status == 303


async def test_a_link_to_a_site_that_was_removed_is_not_known(browser: Browser, redis: Redis, link: Link) -> None:
    url = await link()
    await redis.hdel(keys.SITES, "acme")
    shown = await browser.get(url)

    assert (shown.status, shown.title) == (404, "This link is not known")


@pytest.mark.parametrize(
    "return_to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\r\nb",
        "{site}.evil.example/",
        "{site}@evil.example/",
        "/" + "a" * 500,
        "channels",
    ],
)
async def test_nobody_is_sent_anywhere_but_to_the_site(ask: Ask, acme: ReceivingSite, return_to: str) -> None:
    status, answer = await ask(return_to=return_to.replace("{site}", acme.url))

    assert (status, answer["error"]["code"]) == (409, "refused")


async def test_a_site_cannot_ask_for_another(ask: Ask, relay: RunningRelay) -> None:
    async with ReceivingSite("") as other:
        await relay.register("beta", other)
        status, answer = await ask("beta")

    assert (status, answer["error"]["code"]) == (401, "unauthorized")


async def test_a_site_that_asks_too_often_is_told_to_come_later(ask: Ask) -> None:
    statuses = [(await ask())[0] for _ in range(7)]

    assert statuses == [200] * 5 + [429] * 2


async def test_an_operator_gets_a_link_for_a_site_that_is_there(relay: RunningRelay, acme: ReceivingSite) -> None:
    made = await relay.admin("POST", "/sites/acme/connect", {})
    headers = {"Authorization": "Bearer admin-token-example"}
    async with relay.http.post(f"{relay.url}/admin/v1/sites/nobody/connect", json={}, headers=headers) as answer:
        unknown = answer.status

    assert made["url"].startswith(f"{relay.url}/facebook/connect/")
    assert unknown == 404


async def test_a_relay_without_a_public_address_says_what_is_missing(redis_url: str, tmp_path: Path) -> None:
    async with running_relay(redis_url, tmp_path) as relay, ReceivingSite("") as acme:
        await relay.register("acme", acme)
        headers = {"Authorization": "Bearer admin-token-example"}
        async with relay.http.post(f"{relay.url}/admin/v1/sites/acme/connect", json={}, headers=headers) as answer:
            told = await answer.json()

    assert "RELAY_PUBLIC_URL" in told["error"]["message"]


async def test_a_redis_that_is_lost_meanwhile_is_told_on_a_page(browser: Browser, redis: Redis, link: Link) -> None:
    url = await link()
    (key,) = [key async for key in redis.scan_iter("relay:connect:*")]
    await redis.delete(key)
    await redis.hset(key, "not", "a string")
    seen = await browser.get(url)

    assert (seen.status, seen.title) == (503, "Please come again in a minute")
