"""Connecting pages in the browser: a whole relay, a simulated Facebook, and everybody who should not get anywhere."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.core import keys
from relay.core.connecting.permissions import SCOPES
from shared.site_secret import api_token
from tests.simulators.graph import GraphSimulator, deletion_answer
from tests.support import facebook
from tests.support.connecting import Browser, Seen, agree, decline
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay, running_relay
from tests.world.ports import free_port

ADA = "218471"
Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(app_id=facebook.APP_ID, app_secret=facebook.APP_SECRET) as graph:
        graph.require_proof = True
        for page_id, name in (("1122", "Acme"), ("3344", "Café Ücker <b>")):
            graph.add_page(page_id, name=name, subscribed_fields=None)
        graph.add_admin(ADA, name="Ada Admin", pages=["1122", "3344"])
        graph.login.signed_in = ADA
        yield graph


@pytest.fixture
async def relay(redis_url: str, graph: GraphSimulator, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    graph.app.add_redirect_uri(f"{public}/facebook/callback")
    where: dict[str, Any] = {
        "graph_url": graph.url,
        "facebook_dialog_url": graph.url,
        "public_url": public,
        "port": port,
    }
    async with running_relay(redis_url, tmp_path, **where) as relay:
        yield relay


@pytest.fixture
async def acme(relay: RunningRelay) -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        await relay.register("acme", site)
        yield site


@pytest.fixture
def browser(relay: RunningRelay) -> Browser:
    return Browser(relay)


@pytest.fixture
def ask(relay: RunningRelay, acme: ReceivingSite) -> Ask:
    """Ask for a link as a site does; returns status and answer."""

    async def ask(site: str = "acme", **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {api_token(SecretStr(acme.secret)).get_secret_value()}"}
        async with relay.http.post(f"{relay.url}/v1/sites/{site}/connect", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    return ask


@pytest.fixture
def link(ask: Ask) -> Callable[..., Awaitable[str]]:
    async def link(**body: Any) -> str:
        status, answer = await ask(**body)
        assert status == 200, answer
        return str(answer["url"])

    return link


Link = Callable[..., Awaitable[str]]


async def logged_in(graph: GraphSimulator, browser: Browser, url: str, *pages: str) -> Seen:
    """Follow a link, agree at Facebook, and come to the form."""
    dialog = (await browser.follow(url)).location
    back = await browser.get(await agree(graph, dialog, *(pages or ("1122", "3344"))))
    assert back.status == 303, back.title
    return await browser.get(back.location)


async def bindings(relay: RunningRelay) -> dict[str, str]:
    return {each["page_id"]: each["site"] for each in await relay.admin("GET", "/bindings")}


async def test_a_person_connects_the_pages_that_they_tick(
    graph: GraphSimulator, relay: RunningRelay, acme: ReceivingSite, browser: Browser, link: Link
) -> None:
    form = await logged_in(graph, browser, await link(return_to="/channels?from=facebook"))
    done = await browser.choose(form, "1122")

    assert (form.status, form.title) == (200, "Choose the pages to connect")
    assert "Café Ücker &lt;b&gt;" in form.text
    assert (done.status, done.title) == (200, "Your pages are connected")
    assert f'href="{acme.url}/channels?from=facebook"' in done.text
    assert await bindings(relay) == {"1122": "acme"}
    assert graph.world.pages["1122"].subscribed_fields
    assert graph.world.pages["3344"].subscribed_fields is None
    await acme.has(1)
    assert [event["kind"] for batch in acme.batches for event in batch.events] == ["page.connected"]


async def test_who_connected_a_page_is_kept_with_it(
    graph: GraphSimulator, redis: Redis, browser: Browser, link: Link
) -> None:
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    record = json.loads(await redis.hget(keys.PAGES, "1122") or b"")

    assert record["connected_by"] == ADA


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


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_goes_when_all_is_done(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    form = await logged_in(graph, browser, await link())
    attributes = {part.strip().lower() for part in browser.set_cookies[0].split(";")[1:]}
    await browser.choose(form, "1122")

    assert browser.set_cookies[0].startswith("__Host-connect-")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
    assert browser.cookies == {}


@pytest.mark.parametrize("path", ["/facebook/connect/nonsense", "/facebook/callback"])
async def test_every_page_may_load_and_be_framed_by_nothing_and_is_kept_by_nobody(browser: Browser, path: str) -> None:
    seen = await browser.get(path)

    assert "default-src 'none'" in seen.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in seen.headers["Content-Security-Policy"]
    assert (seen.headers["Cache-Control"], seen.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (seen.headers["X-Frame-Options"], seen.headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


async def test_a_page_that_is_connected_already_is_marked_and_its_access_renewed(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    form = await logged_in(graph, browser, await link())
    done = await browser.choose(form, "1122", "3344")

    assert form.text.count("Connected already") == 1
    assert form.text.count(" checked") == 1
    assert done.title == "Your pages are connected"
    assert await bindings(relay) == {"1122": "acme", "3344": "acme"}


async def test_a_page_of_another_site_is_shown_as_taken_without_a_name_and_cannot_be_had(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    async with ReceivingSite("") as other:
        await relay.register("secret-customer", other, "3344")
        form = await logged_in(graph, browser, await link())
        done = await browser.choose(form, "3344")

    assert "Taken: it is connected to another site" in form.text
    assert "secret-customer" not in form.text + done.text
    assert done.title == "No page is connected"
    assert await bindings(relay) == {"3344": "secret-customer"}


async def test_a_page_that_another_person_runs_cannot_be_slipped_into_the_form(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    graph.add_page("5566", name="Somebody else's")
    form = await logged_in(graph, browser, await link())
    done = await browser.choose(form, "1122", "5566")

    assert (done.status, done.title) == (400, "This form cannot be accepted")
    assert await bindings(relay) == {}
    assert (await browser.choose(form, "1122")).title == "Your pages are connected"


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        pytest.param([("page", "1122")], {}, id="no token"),
        pytest.param([("page", "1122"), ("token", "x" * 43)], {}, id="another token"),
        pytest.param([("page", "1122"), ("token", "ü")], {}, id="a token of other letters"),
        pytest.param(None, {"Sec-Fetch-Site": "cross-site"}, id="sent from another site"),
        pytest.param(None, {"Sec-Fetch-Site": "same-site"}, id="sent from a neighbouring host"),
    ],
)
async def test_a_form_that_is_not_ours_does_nothing(
    graph: GraphSimulator,
    relay: RunningRelay,
    browser: Browser,
    link: Link,
    fields: list[tuple[str, str]] | None,
    headers: dict[str, str],
) -> None:
    form = await logged_in(graph, browser, await link())
    sent = await browser.submit(form.url, fields or [("page", "1122"), ("token", form.form_token)], **headers)

    assert sent.status == 400
    assert await bindings(relay) == {}


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


def another_session(url: str) -> str:
    """Exchange the session that an answer names for one that is not there."""
    before, _, state = url.partition("state=")
    return f"{before}state={'A' * 43}.{state.rpartition('.')[2]}"


@pytest.mark.parametrize(
    ("change", "status", "title"),
    [
        pytest.param(lambda url: url.partition("state=")[0], 400, "This answer belongs to no login", id="no state"),
        pytest.param(lambda url: url + "x", 400, "This answer belongs to no login", id="a longer state"),
        pytest.param(lambda url: url[:-4] + "AAAA", 400, "This answer belongs to no login", id="another secret"),
        pytest.param(another_session, 403, "This is another browser", id="another session"),
    ],
)
async def test_a_forged_state_gets_nowhere_and_costs_the_real_login_nothing(
    graph: GraphSimulator, browser: Browser, link: Link, change: Callable[[str], str], status: int, title: str
) -> None:
    dialog = (await browser.follow(await link())).location
    real = await agree(graph, dialog, "1122")
    forged = await browser.get(change(real))

    assert (forged.status, forged.title) == (status, title)
    assert graph.ledger.calls("access_token") == []
    assert (await browser.get(real)).status == 303


async def test_a_replayed_answer_gets_nowhere_and_its_code_is_asked_for_once(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    real = await agree(graph, (await browser.follow(await link())).location, "1122")
    first = await browser.get(real)
    exchanged = len(graph.ledger.calls("access_token"))
    again = await browser.get(real)

    assert (first.status, again.status, again.title) == (303, 410, "This step was done already")
    assert len(graph.ledger.calls("access_token")) == exchanged == 2


async def test_an_answer_in_another_browser_is_refused(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    real = await agree(graph, (await browser.follow(await link())).location, "1122")
    stranger = await Browser(relay).get(real)

    assert (stranger.status, stranger.title) == (403, "This is another browser")
    assert (await browser.get(real)).status == 303


async def test_an_attackers_answer_is_not_taken_for_the_login_of_somebody_else(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    attacker, victim = browser, Browser(relay)
    of_attacker = await agree(graph, (await attacker.follow(await link())).location, "1122")
    await victim.follow(await link())
    seen = await victim.get(of_attacker)

    assert (seen.status, seen.title) == (403, "This is another browser")


async def test_the_form_is_shown_in_its_own_browser_only(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    form = await logged_in(graph, browser, await link())
    stranger = await Browser(relay).get(form.url)

    assert (stranger.status, stranger.title) == (403, "This is another browser")
    assert "Acme" not in stranger.text


async def test_a_form_that_is_sent_twice_is_taken_once(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    form = await logged_in(graph, browser, await link())
    cookies = dict(browser.cookies)
    await browser.choose(form, "1122")
    browser.cookies = cookies
    again = await browser.choose(form, "3344")

    assert (again.status, again.title) == (410, "This step was done already")
    assert graph.world.pages["3344"].subscribed_fields is None


async def test_who_declines_is_told_and_may_try_once_more(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    seen = await browser.get(await decline(graph, (await browser.follow(await link())).location))
    again = await browser.get(again_link(seen))

    assert (seen.status, seen.title) == (200, "You cancelled the login at Facebook")
    assert "auth_type=rerequest" in again.location
    assert (await browser.get(await agree(graph, again.location, "1122"))).status == 303


async def test_a_missing_permission_is_named_in_words(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    dialog = (await browser.follow(await link())).location
    allowed = [name for name in SCOPES if name != "pages_messaging"]
    seen = await browser.get(await agree(graph, dialog, "1122", permissions=allowed))
    again = await browser.get(again_link(seen))

    assert (seen.status, seen.title) == (403, "Facebook was not allowed enough")
    assert "pages_messaging: to receive and answer your pages&#39; messages" in seen.text
    assert (await browser.get(await agree(graph, again.location, "1122"))).status == 303


async def test_who_ticked_no_page_is_told(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    dialog = (await browser.follow(await link())).location
    graph.world.admins[ADA].roles.clear()
    seen = await browser.get(await agree(graph, dialog))

    assert (seen.status, seen.title) == (404, "No page was found")


async def test_pages_that_only_a_portfolio_shows_are_listed_too(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    ada = graph.world.admins[ADA]
    graph.add_page("7788", name="Held by a portfolio")
    ada.roles["7788"] = ("PROFILE_PLUS_FULL_CONTROL",)
    graph.add_business("99", name="Acme Holding", admins=[ada], owned=["1122"], client=["7788"]).in_accounts = False
    form = await logged_in(graph, browser, await link(), "1122", "3344", "7788")
    await browser.choose(form, "7788", "1122")

    assert form.text.count('name="page"') == 3
    assert await bindings(relay) == {"1122": "acme", "7788": "acme"}


async def test_a_list_of_pages_is_followed_to_its_end(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    ada = graph.world.admins[ADA]
    for number in range(230):
        graph.add_page(f"9{number:04}", name=f"Page {number}")
        ada.roles[f"9{number:04}"] = ("MANAGE",)
    form = await logged_in(graph, browser, await link(), *ada.roles)

    assert form.text.count('name="page"') == 232


async def test_a_role_that_does_not_suffice_is_named(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    graph.world.admins[ADA].roles["3344"] = ("ANALYZE",)
    form = await logged_in(graph, browser, await link())
    done = await browser.choose(form, "3344")

    assert "Your role on this page does not cover messages and community activity" in form.text
    assert done.status == 400


@pytest.mark.parametrize("call", ["access_token", "permissions", "accounts"])
async def test_a_facebook_that_does_not_answer_costs_nothing_but_a_second_try(
    graph: GraphSimulator, browser: Browser, link: Link, call: str
) -> None:
    dialog = (await browser.follow(await link())).location
    back = await agree(graph, dialog, "1122")
    graph.faults.lose_answer(call, times=2)
    seen = await browser.get(back)
    graph.faults.clear()
    again = await browser.get(again_link(seen))

    assert (seen.status, seen.title) == (503, "Facebook does not answer")
    assert (await browser.get(await agree(graph, again.location, "1122"))).status == 303


async def test_a_code_is_asked_for_once_though_its_answer_is_lost(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    back = await agree(graph, (await browser.follow(await link())).location, "1122")
    graph.faults.lose_answer("access_token", times=1)
    await browser.get(back)

    assert len(graph.ledger.calls("access_token")) == 1


async def test_a_refusal_of_facebook_is_told_in_its_words(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    back = await agree(graph, (await browser.follow(await link())).location, "1122")
    graph.login.codes.life_s = -1
    seen = await browser.get(back)

    assert (seen.status, seen.title) == (403, "Facebook refused the login")
    assert "This authorization code has expired" in seen.text


async def test_the_whole_login_works_with_login_for_business(
    redis_url: str, graph: GraphSimulator, tmp_path: Path
) -> None:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    graph.app.add_redirect_uri(f"{public}/facebook/callback")
    graph.app.add_configuration("cfg-1", SCOPES, system_user=True)
    where: dict[str, Any] = {
        "graph_url": graph.url,
        "facebook_dialog_url": graph.url,
        "public_url": public,
        "port": port,
    }
    async with (
        running_relay(redis_url, tmp_path, facebook_login_config_id="cfg-1", **where) as relay,
        ReceivingSite("") as acme,
    ):
        await relay.register("acme", acme)
        url = (await relay.admin("POST", "/sites/acme/connect", {}))["url"]
        browser = Browser(relay)
        await browser.choose(await logged_in(graph, browser, url), "1122")

        assert await bindings(relay) == {"1122": "acme"}


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


def again_link(seen: Seen) -> str:
    """Return where a page's "Try once more" leads."""
    return seen.text.partition('class="button" href="')[2].partition('"')[0]
