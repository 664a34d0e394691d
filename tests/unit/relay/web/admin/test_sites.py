"""Sites in the admin API: registered, shown, changed and paused; a secret is told once."""

import json
from typing import Any

import pytest
from pydantic import SecretStr
from yarl import URL

from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.site import Site
from relay.web.admin import PREFIX
from shared.addresses import address_of
from shared.site_secret import key_of
from shared.vault import Vault, new_master_key
from tests.support.admin_bench import NOON_TEXT, TOKEN, Bench
from tests.support.clock import NOON


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
