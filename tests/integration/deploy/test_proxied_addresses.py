"""Addresses behind the example proxies: what is opened is reached, nothing else is, and no secret comes into a log."""

from pathlib import Path

import pytest
from yarl import URL

from tests.support.proxies import CASES, WEBHOOK_PATH, Case, every_proxy, logs, relays_proxies, running, sites_proxies


@relays_proxies
async def test_metas_verification_reaches_the_relay_with_its_query(case: Case, tmp_path: Path) -> None:
    query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20b%2Bc"
    async with running(case, tmp_path) as proxy:
        assert await proxy.get(WEBHOOK_PATH + query) == 200
        [(path, _, _)] = proxy.backend.arrived

    assert path == WEBHOOK_PATH + query


@relays_proxies
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin/v1/sites",
        "//admin/v1/sites",
        "/facebook/../admin/v1/sites",
        "/facebook/webhook/../../admin/v1/sites",
        "/facebook/%2e%2e/admin/v1/sites",
        "/metrics",
        "/readyz",
        "/%6Detrics",
        "/v1/sites",
        "/v1/sitesmore/acme",
        "/v1/sites/../../admin/v1/sites",
        "/v1/sites/..%2f..%2fadmin%2fv1%2fsites",
        "/v1/sites/%2e%2e/%2e%2e/metrics",
        "/facebook/connect/",
        "/facebook/connect/..%2f..%2fadmin%2fv1%2fsites",
        "/facebook/callback/more",
        "/facebook/deauthorize/more",
        "/facebook/data-deletion/..%2f..%2fadmin%2fv1%2fsites",
        "/facebook/data-deletion/../../metrics",
    ],
)
async def test_nothing_but_what_meta_sites_and_browsers_need_is_reached_through_the_relays_proxy(
    case: Case, path: str, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.get(path) == 404
        assert proxy.backend.arrived == []


@relays_proxies
async def test_what_a_site_calls_reaches_the_relay_with_its_token(case: Case, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.post("/v1/sites/acme/ready", b"{}", Authorization="Bearer of-acme") == 200
        assert await proxy.post("/v1/sites/acme/check", b"{}", Authorization="Bearer of-acme") == 200
        assert await proxy.get("/v1/sites/acme?later=1") == 200

    assert proxy.backend.arrived == [
        ("/v1/sites/acme/ready", b"{}", None),
        ("/v1/sites/acme/check", b"{}", None),
        ("/v1/sites/acme?later=1", b"", None),
    ]
    assert proxy.backend.authorizations == ["Bearer of-acme", "Bearer of-acme", None]


@relays_proxies
async def test_what_a_browser_needs_to_connect_pages_reaches_the_relay_and_no_log(case: Case, tmp_path: Path) -> None:
    ticket, paths = "seen-by_nobody" + "A" * 29, ["", "/pages", "/again"]
    asked = [f"/facebook/connect/{ticket}{path}" for path in paths]
    asked += ["/facebook/connect/style.css", "/facebook/callback?code=seen-by_nobody&state=s.t"]
    async with running(case, tmp_path) as proxy:
        for path in asked:
            assert await proxy.get(path) == 200
        assert await proxy.post(asked[1], b"page=1") == 200
        await proxy.stop_backend()
        for path in asked:
            assert await proxy.get(path) == 502
    written = logs(tmp_path)

    assert [path for path, _, _ in proxy.backend.arrived] == [*asked, asked[1]]
    assert any("/facebook/callback" in text for text in written.values())
    assert not [name for name, text in written.items() if "seen-by_nobody" in text]


@relays_proxies
async def test_what_meta_posts_about_a_person_and_what_that_person_is_shown_reach_the_relay(
    case: Case, tmp_path: Path
) -> None:
    form, code = b"signed_request=abc.def", "a2" * 16
    async with running(case, tmp_path) as proxy:
        assert await proxy.post("/facebook/deauthorize", form) == 200
        assert await proxy.post("/facebook/data-deletion", form) == 200
        assert await proxy.get(f"/facebook/data-deletion/{code}?from=facebook") == 200

    arrived = [(path.partition("?")[0], body) for path, body, _ in proxy.backend.arrived]
    assert arrived == [
        ("/facebook/deauthorize", form),
        ("/facebook/data-deletion", form),
        (f"/facebook/data-deletion/{code}", b""),
    ]


@relays_proxies
@pytest.mark.parametrize("way", ["/admin/v1/sites/..%2f..%2f..", "/metrics%2f..", "/x/..", "/v1/sites/..%2f..", "/"])
async def test_an_address_that_reads_like_a_sites_call_in_one_of_two_ways_asks_for_that_call(
    case: Case, way: str, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        for call in ("/v1/sites/acme", "%2fv1%2fsites%2facme", "/v1/sites%2facme"):
            await proxy.get(way + call)

    assert {path for path, _, _ in proxy.backend.arrived} <= {"/v1/sites/acme"}


@every_proxy
@pytest.mark.parametrize("way", ["/admin/v1/sites/..%2f..%2f..", "/api/v1/..%2f..", "/metrics%2f..", "/x/.."])
async def test_an_address_that_reads_in_two_ways_reaches_what_the_proxy_compared(
    case: Case, way: str, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        await proxy.post(way + case.path.replace("/", "%2f"), b"{}")
        await proxy.post(way + case.path, b"{}")

    assert {path for path, _, _ in proxy.backend.arrived} <= {case.path}


@sites_proxies
@pytest.mark.parametrize("path", ["/", "/api/v1/conversations", "/relay/events/more", "/metrics", "/readyz"])
async def test_an_outsider_reaches_nothing_of_the_site_but_the_receiver(case: Case, path: str, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.get(path) in {403, 404}
        assert proxy.backend.arrived == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/api/v1/conversations?limit=5", 200, id="API"),
        pytest.param("/metrics", 404, id="metrics"),
        pytest.param("/readyz", 404, id="readiness"),
    ],
)
async def test_the_customers_own_network_reaches_the_sites_api(path: str, status: int, tmp_path: Path) -> None:
    [nginx, _] = [case for case in CASES if case.half == "onsite"]
    async with running(nginx, tmp_path) as proxy:
        url = URL(proxy.url + path, encoded=True)
        async with proxy.session.get(url, headers={"X-Test-Address": "192.168.4.7"}) as answer:
            assert answer.status == status
        assert [path for path, _, _ in proxy.backend.arrived] == ([path] if status == 200 else [])


@relays_proxies
async def test_the_verify_token_reaches_no_log_even_when_the_relay_is_away(case: Case, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        await proxy.get(WEBHOOK_PATH + "?hub.verify_token=seen-by-nobody")
        await proxy.stop_backend()
        assert await proxy.get(WEBHOOK_PATH + "?hub.verify_token=seen-by-nobody") == 502
    written = logs(tmp_path)

    assert any(WEBHOOK_PATH in text for text in written.values())
    assert not [name for name, text in written.items() if "seen-by-nobody" in text]
