"""Bindings in the admin API: bound and unbound, with a token and without, and what the audits found of their pages."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from relay.core import keys
from shared.page_events import decode_connected
from shared.page_token import PageToken, unseal
from tests.support.admin_bench import NOT_AUDITED, Bench


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
