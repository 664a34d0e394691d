"""The admin API: who may use it, what it answers, and that no secret is told twice."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import fakeredis
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from yarl import URL

from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_sites import RedisSites
from relay.adapters.redis_status import RedisStatus
from relay.core import keys
from relay.core.addresses import IPAddress, address_of
from relay.core.audit_state import AuditState, Death
from relay.core.errors import FacebookRefused
from relay.core.page import TokenOwner
from relay.core.site import Site
from relay.core.webhook import Incoming
from relay.engine.page_connection import PageConnection
from relay.engine.page_health import PageHealth
from relay.engine.page_notices import PageNotices
from relay.engine.site_admin import SiteAdmin
from relay.web import admin
from relay.web.admin import PREFIX, AdminRoutes
from relay.web.app import build_app
from shared.page_events import decode_connected
from shared.page_token import PageToken, unseal
from shared.site_secret import key_of
from shared.vault import Vault, new_master_key
from tests.support.clock import NOON, ManualClock
from tests.support.logs import written_logs
from tests.support.rebinding import redis_rebinding

TOKEN = "admin-token-example"
NOT_AUDITED = {"subscribed": None, "audited_at": None, "trouble": "", "token_dead_since": None}
NOON_TEXT = "2027-01-15T08:00:00.000Z"


class FakeGraph:
    """Meta, which knows one page by the token `EAApage`."""

    def __init__(self) -> None:
        self.subscribed: list[str] = []
        self.token_is_dead = False

    def proof_of(self, token: SecretStr) -> SecretStr:
        return SecretStr("proof of " + token.get_secret_value())

    async def owner_of(self, token: SecretStr) -> TokenOwner:
        if token.get_secret_value() != "EAApage":
            raise FacebookRefused("Facebook refuses: Invalid OAuth access token (error 190)")
        return TokenOwner("1122", "Acme")

    async def subscribe(self, page_id: str, _token: SecretStr) -> None:
        self.subscribed.append(page_id)

    async def unsubscribe(self, page_id: str, _token: SecretStr) -> None:
        if self.token_is_dead:
            raise FacebookRefused("Facebook refuses: the session has expired (error 190)")
        self.subscribed.remove(page_id)


class Bench:
    """The admin routes on a real server, over fakeredis."""

    def __init__(self) -> None:
        self.redis = fakeredis.FakeAsyncRedis()
        self.leads_to: list[IPAddress] = []
        self.graph = FakeGraph()
        self.appended: list[tuple[str, Incoming]] = []
        vault = Vault([new_master_key()])
        sites, bindings = RedisSites(self.redis, vault), RedisBindings(self.redis)
        kept = RedisPages(self.redis, vault)
        admin = SiteAdmin(
            sites,
            bindings,
            RedisStatus(self.redis),
            RedisSecretUses(self.redis),
            look_up=self.look_up,
            clock=ManualClock(),
        )
        notices = PageNotices(kept, find_site=sites.get, proof_of=self.graph.proof_of)
        pages = PageConnection(
            self.graph,
            kept,
            redis_rebinding(self.redis, sites, notices),
            find_site=sites.get,
            append=self.append,
            clock=ManualClock(),
        )
        audits = RedisAudits(self.redis, RedisPages(self.redis, vault))
        routes = AdminRoutes(admin, pages, PageHealth(bindings, audits), token=SecretStr(TOKEN))
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def append(self, outbox: str, events: Sequence[Incoming]) -> Sequence[int]:
        """Note what is appended."""
        self.appended += [(outbox, event) for event in events]
        return ()

    async def look_up(self, _host: str) -> list[IPAddress]:
        """Say where every name leads."""
        return self.leads_to

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Call as an operator; returns status and decoded answer."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | headers
        answer = await self.client.request(method, PREFIX + path, json=body, headers=headers)
        return answer.status, await answer.json()

    async def add_site(self, name: str = "acme") -> dict[str, Any]:
        """Register a site."""
        status, added = await self.ask("POST", "/sites", {"name": name, "url": f"https://{name}.example"})
        assert status == 201
        return dict(added)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with bench.client:
        yield bench
    await bench.redis.aclose()


ROUTES = [
    ("POST", "/sites"),
    ("GET", "/sites"),
    ("GET", "/sites/acme"),
    ("PATCH", "/sites/acme"),
    ("POST", "/sites/acme/pause"),
    ("POST", "/sites/acme/resume"),
    ("GET", "/bindings"),
    ("PUT", "/bindings/1"),
    ("DELETE", "/bindings/1"),
    ("GET", "/status"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
async def test_without_the_token_every_route_is_401_and_does_nothing(
    bench: Bench, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await bench.client.request(method, PREFIX + path, json={"name": "acme", "site": "acme"}, headers=headers)

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (await answer.json())["error"]["code"] == "unauthorized"
    assert await bench.redis.keys("*") == []


def test_every_route_of_the_admin_api_is_in_the_table_above_and_in_the_docstring() -> None:
    app = build_app([AdminRoutes(None, None, None, token=SecretStr(TOKEN))])  # type: ignore[arg-type]  # nothing is called
    routes = {
        (route.method, route.resource.canonical.removeprefix(PREFIX))
        for route in app.router.routes()
        if route.resource is not None
    }

    assert routes == {(method, path.replace("acme", "{site}").replace("/1", "/{page_id}")) for method, path in ROUTES}
    for method, path in routes:
        assert f"{method:6} {PREFIX}{path}" in (admin.__doc__ or "")


class TestSites:
    async def test_registering_tells_the_secret_this_once(self, bench: Bench) -> None:
        added = await bench.add_site()
        secret = added.pop("secret")
        everything = [await bench.ask("GET", path) for path in ("/sites", "/sites/acme", "/status")]

        assert added == {
            "name": "acme",
            "url": "https://acme.example",
            "allow_networks": [],
            "allow_insecure": False,
            "warning": None,
        }
        assert len(key_of(SecretStr(secret))) == 32
        assert "whsec" not in json.dumps(everything)

    async def test_a_site_is_shown_with_readable_times(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        fields: dict[bytes | bytearray | memoryview[int] | str | int | float, str] = {
            "state": "parked",
            "failures": "2",
            "next_attempt_ms": str(round(NOON * 1000) + 5),
            "parked_since_ms": str(round(NOON * 1000)),
            "last_error": "the site answered 500",
        }
        await bench.redis.hset(keys.delivery("acme"), mapping=dict(fields) | {"waiting_bytes": "21"})
        await bench.redis.hset(keys.losses("acme"), mapping={"age": "3", "age:ms": str(round(NOON * 1000))})
        await bench.redis.xadd(keys.outbox("acme"), {"p": "22"}, id=f"{round(NOON * 1000)}-0")

        assert await bench.ask("GET", "/sites/acme") == (
            200,
            {
                "name": "acme",
                "url": "https://acme.example",
                "allow_networks": [],
                "allow_insecure": False,
                "created_at": NOON_TEXT,
                "pages": ["22"],
                "rotation": None,
                "delivery": {
                    "state": "parked",
                    "waiting": 1,
                    "oldest_at": NOON_TEXT,
                    "delivering": False,
                    "delivered": 0,
                    "dead_letters": 0,
                    "failures": 2,
                    "parked_since": NOON_TEXT,
                    "next_attempt": "2027-01-15T08:00:00.005Z",
                    "last_error": "the site answered 500",
                    "last_error_at": None,
                    "last_success_at": None,
                    "waiting_bytes": 21,
                    "dead_bytes": 0,
                    "oldest_id": f"{round(NOON * 1000)}-0",
                    "oldest_refused": 0,
                    "fill": 0.0,
                    "losses": [{"reason": "age", "count": 3, "last_at": NOON_TEXT}],
                },
            },
        )

    async def test_all_are_listed_by_name(self, bench: Bench) -> None:
        for name in ("beta", "acme"):
            await bench.add_site(name)
        status, sites = await bench.ask("GET", "/sites")

        assert (status, [site["name"] for site in sites]) == (200, ["acme", "beta"])

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            pytest.param({"url": "https://a.example"}, 400, "field name is missing", id="no name"),
            pytest.param({"name": "acme"}, 400, "field url is missing", id="no address"),
            pytest.param({"name": "", "url": "x"}, 400, "field name is missing", id="an empty name"),
            pytest.param({"name": 7, "url": "x"}, 400, "field name is missing", id="a number as name"),
            pytest.param({"name": "A B", "url": "https://a.example"}, 409, "cannot name a site", id="a bad name"),
            pytest.param({"name": "\ud800", "url": "https://a.example"}, 409, "cannot name", id="half a character"),
            pytest.param({"name": "acme", "url": "chat"}, 409, "no address of a site", id="no address of a site"),
            pytest.param({"name": "acme", "url": "https://[::1"}, 409, "no address", id="a broken address"),
            pytest.param({"name": "acme", "url": "http://a.example"}, 409, "--allow-insecure", id="in the clear"),
            pytest.param(
                {"name": "acme", "url": "http://a.example", "allow_insecure": "true"}, 400, "insecure", id="a text"
            ),
            pytest.param({"name": "acme", "url": "https://10.1.2.3"}, 409, "--allow-network", id="a private address"),
            pytest.param(
                {"name": "acme", "url": "https://a.example", "allow_networks": "10.0.0.0/8"},
                400,
                "allow_networks is no list",
                id="a network without its list",
            ),
            pytest.param(
                {"name": "acme", "url": "https://a.example", "allow_networks": [10]}, 400, "no list", id="a number"
            ),
            pytest.param(
                {"name": "acme", "url": "https://a.example", "allow_networks": ["10.0.0.1/8"]},
                409,
                "did you mean 10.0.0.0/8",
                id="a network with bits of a host",
            ),
            pytest.param([], 400, "no object", id="a list"),
        ],
    )
    async def test_what_cannot_be_registered_is_said_in_words(
        self, bench: Bench, body: object, status: int, words: str
    ) -> None:
        answered, told = await bench.ask("POST", "/sites", body)

        assert answered == status
        assert words in told["error"]["message"]
        assert await bench.redis.keys("*") == []

    async def test_http_and_other_networks_may_be_asked_for(self, bench: Bench) -> None:
        allowed = {"allow_networks": ["127.0.0.0/8", "10.0.0.0/8"], "allow_insecure": True}
        status, added = await bench.ask("POST", "/sites", {"name": "acme", "url": "http://127.0.0.1:8090"} | allowed)
        _, shown = await bench.ask("GET", "/sites/acme")

        assert status == 201
        for told in (added, shown):
            assert told["url"] == "http://127.0.0.1:8090"
            assert told["allow_networks"] == ["10.0.0.0/8", "127.0.0.0/8"]
            assert told["allow_insecure"] is True

    async def test_a_name_that_leads_inside_is_a_warning(self, bench: Bench) -> None:
        bench.leads_to = [address_of("10.1.2.3")]
        added = await bench.add_site()
        _, changed = await bench.ask("PATCH", "/sites/acme", {"url": "https://b.example"})

        assert "acme.example leads to 10.1.2.3, a private address" in added["warning"]
        assert "b.example leads to 10.1.2.3, a private address" in changed["warning"]

    async def test_a_change_names_what_changes_and_the_rest_stays(self, bench: Bench) -> None:
        await bench.add_site()
        changes: list[dict[str, Any]] = [
            {"url": "https://b.example"},
            {"allow_networks": ["10.0.0.0/8", "127.0.0.0/8"]},
            {"allow_insecure": True, "url": "http://127.0.0.1:1"},
            {"forbid_networks": ["10.0.0.0/8"]},
        ]
        answers = [await bench.ask("PATCH", "/sites/acme", change) for change in changes]

        assert [status for status, _ in answers] == [200] * 4
        assert [(told["url"], told["allow_networks"], told["allow_insecure"]) for _, told in answers] == [
            ("https://b.example", [], False),
            ("https://b.example", ["10.0.0.0/8", "127.0.0.0/8"], False),
            ("http://127.0.0.1:1", ["10.0.0.0/8", "127.0.0.0/8"], True),
            ("http://127.0.0.1:1", ["127.0.0.0/8"], True),
        ]

    @pytest.mark.parametrize(
        ("site", "body", "status", "words"),
        [
            pytest.param("acme", {}, 409, "nothing to change", id="nothing"),
            pytest.param("acme", {"url": 7}, 400, "field url", id="a number for an address"),
            pytest.param("acme", {"url": "http://a.example"}, 409, "--allow-insecure", id="in the clear"),
            pytest.param("acme", {"url": "https://10.1.2.3"}, 409, "--allow-network", id="a private address"),
            pytest.param("acme", {"allow_insecure": "yes"}, 400, "neither true nor false", id="a text"),
            pytest.param("acme", {"forbid_networks": ["10.0.0.0/8"]}, 409, "not among", id="what was never allowed"),
            pytest.param("nobody", {"url": "https://a.example"}, 404, "no site named nobody", id="no such site"),
        ],
    )
    async def test_what_cannot_be_changed_is_said_in_words_and_nothing_changes(
        self, bench: Bench, site: str, body: object, status: int, words: str
    ) -> None:
        await bench.add_site()
        before = await bench.ask("GET", "/sites/acme")
        answered, told = await bench.ask("PATCH", f"/sites/{site}", body)

        assert answered == status
        assert words in told["error"]["message"]
        assert await bench.ask("GET", "/sites/acme") == before

    async def test_a_name_is_given_once(self, bench: Bench) -> None:
        await bench.add_site()
        status, told = await bench.ask("POST", "/sites", {"name": "acme", "url": "https://b.example"})

        assert (status, told["error"]["code"]) == (409, "refused")
        assert "is there already" in told["error"]["message"]

    @pytest.mark.parametrize("name", ["nobody", "%FF", "..%2fstatus", "a%20b"])
    async def test_a_site_that_is_not_there_is_404(self, bench: Bench, name: str) -> None:
        path = URL(f"{PREFIX}/sites/{name}", encoded=True)
        answer = await bench.client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})

        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "not_found"

    async def test_a_site_that_the_master_key_does_not_open_is_said_in_words(self, bench: Bench) -> None:
        other_key = RedisSites(bench.redis, Vault([new_master_key()]))
        await other_key.add(Site("acme", "https://a.example", (SecretStr("whsec_x"),), 1))
        status, told = await bench.ask("GET", "/sites")

        assert status == 409
        assert "Restore the earlier key" in told["error"]["message"]


class TestHalvesOfCharacters:
    async def test_a_reason_that_holds_one_is_kept_with_a_mark_in_its_place(self, bench: Bench) -> None:
        await bench.add_site()
        assert (await bench.ask("POST", "/sites/acme/pause", {"reason": "half \ud800"}))[0] == 200

        delivery = (await bench.ask("GET", "/sites/acme"))[1]["delivery"]
        assert "half \ufffd" in delivery["last_error"]


class TestBindings:
    async def test_binding_and_unbinding(self, bench: Bench) -> None:
        await bench.add_site()
        assert await bench.ask("PUT", "/bindings/22", {"site": "acme"}) == (
            200,
            {"page_id": "22", "site": "acme", "subscribed": False, "waiting_events": 0},
        )
        assert await bench.ask("GET", "/bindings") == (200, [{"page_id": "22", "site": "acme"} | NOT_AUDITED])
        assert await bench.ask("DELETE", "/bindings/22") == (
            200,
            {"page_id": "22", "site": "acme", "still_subscribed": ""},
        )
        assert await bench.ask("GET", "/bindings") == (200, [])

    async def test_with_its_token_a_page_is_subscribed_and_its_site_is_given_the_token(self, bench: Bench) -> None:
        added = await bench.add_site()
        body = {"site": "acme", "page_token": "EAApage"}
        assert await bench.ask("PUT", "/bindings/1122", body) == (
            200,
            {"page_id": "1122", "site": "acme", "subscribed": True, "name": "Acme", "waiting_events": 0},
        )
        ((outbox, event),) = bench.appended
        news = decode_connected(event.payload)
        token = unseal(news.sealed, page_id="1122", secret=SecretStr(added["secret"]))

        assert (outbox, event.page_id, event.kind, news.name) == ("acme", "1122", "page.connected", "Acme")
        assert token == PageToken(SecretStr("EAApage"), SecretStr("proof of EAApage"))
        assert bench.graph.subscribed == ["1122"]

    @pytest.mark.parametrize(
        ("page", "token", "words"),
        [
            pytest.param(
                "1122", "EAAother", "Facebook refuses: Invalid OAuth access token", id="Meta does not know it"
            ),
            pytest.param("3344", "EAApage", "belongs to 1122 (Acme): take the token of page 3344", id="another page's"),
        ],
    )
    async def test_a_token_that_does_not_fit_changes_nothing(
        self, bench: Bench, page: str, token: str, words: str
    ) -> None:
        await bench.add_site()
        status, answer = await bench.ask("PUT", f"/bindings/{page}", {"site": "acme", "page_token": token})

        assert (status, words in answer["error"]["message"]) == (409, True)
        assert await bench.ask("GET", "/bindings") == (200, [])
        assert (bench.graph.subscribed, bench.appended) == ([], [])

    async def test_a_page_of_another_site_is_not_even_subscribed(self, bench: Bench) -> None:
        await bench.add_site("acme")
        await bench.add_site("beta")
        await bench.ask("PUT", "/bindings/1122", {"site": "beta"})
        status, answer = await bench.ask("PUT", "/bindings/1122", {"site": "acme", "page_token": "EAApage"})

        assert (status, "page 1122 is bound to beta" in answer["error"]["message"]) == (409, True)
        assert bench.graph.subscribed == []

    async def test_what_was_connected_is_unsubscribed_and_the_site_is_told(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/1122", {"site": "acme", "page_token": "EAApage"})
        assert (await bench.ask("DELETE", "/bindings/1122"))[0] == 200

        assert [event.kind for _, event in bench.appended] == ["page.connected", "page.disconnected"]
        assert bench.graph.subscribed == []
        assert await bench.redis.hgetall(keys.PAGES) == {}

    async def test_a_token_that_died_keeps_nobody_from_unbinding(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/1122", {"site": "acme", "page_token": "EAApage"})
        bench.graph.token_is_dead = True
        status, answer = await bench.ask("DELETE", "/bindings/1122")

        assert (status, answer["still_subscribed"]) == (200, "Facebook refuses: the session has expired (error 190)")
        assert await bench.ask("GET", "/bindings") == (200, [])

    async def test_a_token_at_rest_is_sealed(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/1122", {"site": "acme", "page_token": "EAApage"})

        assert b"EAApage" not in (await bench.redis.hget(keys.PAGES, "1122") or b"")

    async def test_binding_tells_how_much_waited(self, bench: Bench) -> None:
        await bench.add_site()
        for number in range(3):
            await bench.redis.xadd(keys.outbox("~22"), {"p": "22", "k": "messaging", "d": str(number)})

        assert (await bench.ask("PUT", "/bindings/22", {"site": "acme"}))[1]["waiting_events"] == 3

    @pytest.mark.parametrize(
        ("page", "body", "status", "words"),
        [
            ("22", {}, 400, "field site is missing"),
            ("22", {"site": "nobody"}, 409, "no site named nobody"),
            ("22", {"site": "\ud800"}, 409, "no site named"),
            ("acme", {"site": "acme"}, 409, "digits only"),
            ("22x", {"site": "acme"}, 409, "digits only"),
        ],
    )
    async def test_what_cannot_be_bound_is_said_in_words(
        self, bench: Bench, page: str, body: object, status: int, words: str
    ) -> None:
        await bench.add_site()
        answered, told = await bench.ask("PUT", f"/bindings/{page}", body)

        assert answered == status
        assert words in told["error"]["message"]
        assert await bench.ask("GET", "/bindings") == (200, [])

    async def test_a_page_of_another_site_is_not_taken_away(self, bench: Bench) -> None:
        for name in ("acme", "beta"):
            await bench.add_site(name)
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        status, told = await bench.ask("PUT", "/bindings/22", {"site": "beta"})

        assert status == 409
        assert "bound to acme" in told["error"]["message"]

    async def test_a_page_that_is_not_bound_cannot_be_unbound(self, bench: Bench) -> None:
        status, told = await bench.ask("DELETE", "/bindings/22")

        assert (status, "is not bound" in told["error"]["message"]) == (409, True)


class TestMoving:
    @pytest.fixture
    async def secrets(self, bench: Bench) -> dict[str, str]:
        """Register two sites, and bind a page with its token to the first."""
        secrets = {name: (await bench.add_site(name))["secret"] for name in ("acme", "beta")}
        await bench.ask("PUT", "/bindings/1122", {"site": "acme", "page_token": "EAApage"})
        return secrets

    async def told(self, bench: Bench, outbox: str) -> list[tuple[bytes, bytes]]:
        """Return kind and payload of what waits in an outbox."""
        waiting: Any = await bench.redis.xrange(keys.outbox(outbox))
        return [(fields[b"k"], fields[b"d"]) for _, fields in waiting]

    async def test_a_page_is_handed_over_with_what_waits_and_with_its_token(
        self, bench: Bench, secrets: dict[str, str]
    ) -> None:
        await bench.redis.xadd(keys.outbox("acme"), {"p": "1122", "k": "messaging", "d": "1"})

        assert await bench.ask("PUT", "/bindings/1122", {"site": "beta", "move": True}) == (
            200,
            {
                "page_id": "1122",
                "site": "beta",
                "subscribed": False,
                "waiting_events": 1,
                "moved_from": "acme",
                "staying_events": 0,
                "token_handed_over": True,
            },
        )
        ((connected, payload), moved) = await self.told(bench, "beta")
        token = unseal(decode_connected(payload).sealed, page_id="1122", secret=SecretStr(secrets["beta"]))
        assert (connected, moved) == (b"page.connected", (b"messaging", b"1"))
        assert token == PageToken(SecretStr("EAApage"), SecretStr("proof of EAApage"))
        assert [kind for kind, _ in await self.told(bench, "acme")] == [b"page.disconnected"]
        assert await bench.ask("GET", "/bindings") == (200, [{"page_id": "1122", "site": "beta"} | NOT_AUDITED])
        assert json.loads(await bench.redis.hget(keys.PAGES, "1122") or b"")["site"] == "beta"

    async def test_with_a_new_token_that_one_is_handed_over(self, bench: Bench, secrets: dict[str, str]) -> None:
        body = {"site": "beta", "move": True, "page_token": "EAApage"}
        status, answer = await bench.ask("PUT", "/bindings/1122", body)

        assert (status, answer["moved_from"], answer["subscribed"]) == (200, "acme", True)
        ((_, payload),) = await self.told(bench, "beta")
        unseal(decode_connected(payload).sealed, page_id="1122", secret=SecretStr(secrets["beta"]))
        assert [outbox for outbox, _ in bench.appended] == ["acme"], "it is told once"

    @pytest.mark.usefixtures("secrets")
    async def test_a_page_without_a_token_is_moved_without_one(self, bench: Bench) -> None:
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        _, answer = await bench.ask("PUT", "/bindings/22", {"site": "beta", "move": True})

        assert (answer["moved_from"], answer["token_handed_over"]) == ("acme", False)
        assert await self.told(bench, "beta") == []

    @pytest.mark.usefixtures("secrets")
    async def test_a_page_that_is_nobodys_is_bound(self, bench: Bench) -> None:
        body = {"site": "beta", "move": True, "page_token": "EAApage"}
        await bench.ask("DELETE", "/bindings/1122")
        _, answer = await bench.ask("PUT", "/bindings/1122", body)

        assert (answer["moved_from"], answer["token_handed_over"]) == (None, True)
        assert [(outbox, event.kind) for outbox, event in bench.appended][-1] == ("beta", "page.connected")

    @pytest.mark.usefixtures("secrets")
    async def test_a_move_that_is_refused_leaves_the_page_and_its_record_where_they_were(self, bench: Bench) -> None:
        body = {"site": "nobody", "move": True, "page_token": "EAApage"}
        status, _ = await bench.ask("PUT", "/bindings/1122", body)

        assert status == 409
        assert await bench.ask("GET", "/bindings") == (200, [{"page_id": "1122", "site": "acme"} | NOT_AUDITED])
        assert json.loads(await bench.redis.hget(keys.PAGES, "1122") or b"")["site"] == "acme"

    async def test_what_is_no_flag_is_refused(self, bench: Bench) -> None:
        status, told = await bench.ask("PUT", "/bindings/1122", {"site": "beta", "move": "yes"})

        assert (status, told["error"]["message"]) == (400, "the field move is neither true nor false")


class TestPausing:
    async def test_a_site_is_paused_with_a_reason_and_resumed(self, bench: Bench) -> None:
        await bench.add_site()
        assert await bench.ask("POST", "/sites/acme/pause", {"reason": "moves"}) == (200, {"name": "acme", "was": "up"})
        shown = (await bench.ask("GET", "/sites/acme"))[1]["delivery"]

        assert (shown["state"], shown["last_error"]) == ("paused", "paused by an operator: moves")
        assert shown["parked_since"] is not None
        assert (await bench.ask("POST", "/sites/acme/pause", {}))[1]["was"] == "paused"
        assert (await bench.ask("POST", "/sites/acme/resume"))[1]["was"] == "paused"
        assert (await bench.ask("GET", "/sites/acme"))[1]["delivery"]["state"] == "up"

    @pytest.mark.parametrize(
        ("name", "body", "status"),
        [
            pytest.param("nobody", {}, 404, id="a site that is not there"),
            pytest.param("acme", {"reason": 1}, 400, id="a reason that is no text"),
        ],
    )
    async def test_what_cannot_be_paused_is_not(self, bench: Bench, name: str, body: object, status: int) -> None:
        await bench.add_site()

        assert (await bench.ask("POST", f"/sites/{name}/pause", body))[0] == status
        assert (await bench.ask("GET", "/sites/acme"))[1]["delivery"]["state"] == "up"


class TestStatus:
    async def test_it_shows_sites_and_what_no_site_claims(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.redis.zadd(keys.BACKLOG, {"~22": 1, "~33": 2, "acme": 3})
        for number in range(2):
            await bench.redis.xadd(keys.outbox("~22"), {"p": "22"}, id=f"{round(NOON * 1000)}-{number}")
        status, told = await bench.ask("GET", "/status")

        assert status == 200
        assert [site["name"] for site in told["sites"]] == ["acme"]
        assert told["unclaimed"] == [{"page_id": "22", "waiting": 2, "oldest_at": NOON_TEXT, "fill": 0.0, "losses": []}]


class TestTrouble:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_redis_away_is_503_in_words(
        self, bench: Bench, method: str, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object, **__: object) -> None:
            raise ConnectionRefusedError("redis away")

        for name in ("hsetnx", "hget", "hgetall", "hexists", "hmget", "execute_command"):
            monkeypatch.setattr(bench.redis, name, away)
        answer = await bench.client.request(
            method,
            PREFIX + path,
            json={"name": "acme", "url": "https://a.example", "site": "acme"},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await answer.json())["error"]["code"] == "store_unavailable"

    async def test_nothing_that_is_asked_puts_a_secret_into_the_log(self, bench: Bench) -> None:
        with written_logs() as logs:
            added = await bench.add_site()
            await bench.ask("GET", "/sites/nobody")
            await bench.ask("GET", "/sites", Authorization="Bearer hush-hush")

        assert added["secret"] not in logs.text
        assert TOKEN not in logs.text
        assert "hush-hush" not in logs.text


class TestPagesInTrouble:
    async def test_a_page_says_what_its_audits_found_and_the_status_names_it(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        state = AuditState(
            "acme",
            connected_at_ms=0,
            good_at_ms=0,
            asked_at_ms=round(NOON * 1000),
            subscribed=True,
            death=Death(round(NOON * 1000), "The password was changed.", 190, 460),
        )
        await bench.redis.hset(keys.AUDITS, "22", msgspec.json.encode(state))
        shown = {
            "page_id": "22",
            "site": "acme",
            "subscribed": True,
            "audited_at": NOON_TEXT,
            "trouble": "The password was changed.",
            "token_dead_since": NOON_TEXT,
        }

        assert await bench.ask("GET", "/bindings") == (200, [shown])
        assert (await bench.ask("GET", "/status"))[1]["troubled_pages"] == [shown]

    async def test_what_was_found_while_it_was_another_sites_says_nothing(self, bench: Bench) -> None:
        await bench.add_site()
        await bench.ask("PUT", "/bindings/22", {"site": "acme"})
        state = AuditState("beta", connected_at_ms=0, good_at_ms=0, trouble="no permission")
        await bench.redis.hset(keys.AUDITS, "22", msgspec.json.encode(state))

        assert await bench.ask("GET", "/bindings") == (200, [{"page_id": "22", "site": "acme"} | NOT_AUDITED])
