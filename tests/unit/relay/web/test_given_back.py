"""A site gives its own pages back, over real HTTP and fakeredis; of any other page it learns nothing and ends none."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import fakeredis
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from yarl import URL

from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_sites import RedisSites
from relay.core.change import ChangeKind
from relay.core.errors import StoreUnavailable
from relay.core.page import TokenOwner
from relay.core.permission import PUBLIC_HTTPS
from relay.core.site import Site
from relay.core.webhook import Incoming
from relay.engine.page_connection import GIVEN_BACK, PageConnection
from relay.engine.site_callers import SiteCallers
from relay.web.app import build_app
from relay.web.given_back import BURST, GivenBackRoutes
from relay.web.site_guard import REFUSED_AFTER_S
from shared import page_events
from shared.signing import sign
from shared.site_secret import api_token, new_site_secret
from shared.vault import Vault, new_master_key
from tests.support.admin_bench import FakeGraph
from tests.support.clock import ManualClock
from tests.support.rebinding import redis_rebinding


class AnyPage(FakeGraph):
    """Meta, whose tokens name their page."""

    async def owner_of(self, token: SecretStr) -> TokenOwner:
        return TokenOwner(token.get_secret_value().removeprefix("EAA"), "Acme")


class World:
    """Two sites, of which each has a page, over fakeredis."""

    def __init__(self) -> None:
        redis = fakeredis.FakeAsyncRedis()
        vault = Vault([new_master_key()])
        self.secrets = {"acme": new_site_secret(), "beta": new_site_secret()}
        self.sites, self.graph, self.pages = RedisSites(redis, vault), AnyPage(), RedisPages(redis, vault)
        self.bindings, self.redis = RedisBindings(redis), redis
        self.told: list[tuple[str, str, bytes]] = []
        self.slept: list[float] = []
        self.rebinding = redis_rebinding(redis, self.sites)
        self.connection = PageConnection(
            self.graph, self.pages, self.rebinding, find_site=self.sites.get, append=self.append, clock=ManualClock()
        )
        callers = SiteCallers(self.sites, RedisSecretUses(redis))
        routes = GivenBackRoutes(self.connection, callers, sleep=self.sleep)
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def fill(self) -> None:
        """Register the sites, and connect page 11 to acme, 22 to beta."""
        for page, (name, secret) in zip(("11", "22"), self.secrets.items(), strict=True):
            await self.sites.add(Site(name, f"https://{name}.example", (secret,), 1, PUBLIC_HTTPS))
            await self.connection.connect(page, name, SecretStr(f"EAA{page}"))
        self.told.clear()

    async def append(self, outbox: str, events: Sequence[Incoming]) -> Sequence[int]:
        """Note what a site is told."""
        self.told += [(outbox, event.kind, bytes(event.payload)) for event in events]
        return ()

    async def sleep(self, seconds: float) -> None:
        """Remember a pause, and take none."""
        self.slept.append(seconds)

    async def ask(
        self, page: str, *, site: str = "acme", token: str | None = None, **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Give a page back as a site does; `page` stands in the address as it is."""
        token = api_token(self.secrets[site]).get_secret_value() if token is None else token
        url = URL(f"/v1/sites/{site}/pages/{page}", encoded=True)
        async with self.client.delete(url, headers={"Authorization": f"Bearer {token}"} | headers) as answer:
            return answer.status, await answer.json(), answer.headers

    async def owners(self) -> Mapping[str, str]:
        """Return who has the pages."""
        return await self.bindings.owners(["11", "22"])


BOTH = {"11": "acme", "22": "beta"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.fill()
    async with world.client:
        yield world


async def test_a_page_that_is_given_back_is_unsubscribed_unbound_forgotten_and_its_site_told(world: World) -> None:
    status, answer, _ = await world.ask("11")

    assert (status, answer) == (200, {"page_id": "11", "still_subscribed": ""})
    assert world.graph.subscribed == ["22"]
    assert await world.owners() == {"22": "beta"}
    assert await world.pages.find("11") is None
    ((site, kind, payload),) = world.told
    assert (site, kind) == ("acme", page_events.KIND_DISCONNECTED)
    assert page_events.decode_disconnected(payload).reason == GIVEN_BACK


async def test_a_page_without_a_token_is_given_back_as_well(world: World) -> None:
    await world.rebinding.bind("33", "acme")

    assert (await world.ask("33"))[0] == 200
    assert await world.bindings.owners(["33"]) == {}


async def test_what_facebook_refuses_is_told_and_keeps_nobody_from_it(world: World) -> None:
    world.graph.token_is_dead = True
    status, answer, _ = await world.ask("11")

    assert (status, "expired" in answer["still_subscribed"]) == (200, True)
    assert await world.owners() == {"22": "beta"}
    assert await world.pages.find("11") is None


NOT_ITS = [
    pytest.param("22", id="another site's"),
    pytest.param("99", id="nobody's"),
    pytest.param("11%2f..%2f22", id="a way to another"),
    pytest.param("22%3fx=1", id="a query in it"),
    pytest.param("%2e%2e", id="the way up"),
    pytest.param("1%31%00", id="a zero byte"),
    pytest.param("%D9%A1%D9%A1", id="digits of another script"),
    pytest.param("11%20", id="a blank"),
    pytest.param("+11", id="a sign"),
    pytest.param("~11", id="an outbox"),
    pytest.param("1" * 400, id="far too long"),
    pytest.param("%ff", id="no UTF-8"),
]


@pytest.mark.parametrize("page", NOT_ITS)
async def test_of_any_other_page_it_learns_nothing_and_ends_none(world: World, page: str) -> None:
    status, answer, _ = await world.ask(page)

    refusal = {"error": {"code": "no_such_page", "message": "this site has no such page"}}
    assert (status, answer) == (404, refusal)
    assert await world.owners() == BOTH
    assert world.graph.subscribed == ["11", "22"]
    assert world.told == []
    (slept,) = world.slept
    assert 0 < slept <= REFUSED_AFTER_S


async def test_an_address_with_more_in_it_is_no_call(world: World) -> None:
    status, answer, _ = await world.ask("11/22")

    assert (status, answer["error"]["code"]) == (404, "not_found")
    assert await world.owners() == BOTH


def of(secret: SecretStr) -> str:
    return api_token(secret).get_secret_value()


@pytest.mark.parametrize("whose", ["beta", "nobody", "the secret itself", "no token"])
async def test_nobody_else_gives_its_page_back(world: World, whose: str) -> None:
    tokens = {
        "beta": of(world.secrets["beta"]),
        "nobody": of(new_site_secret()),
        "the secret itself": world.secrets["acme"].get_secret_value(),
        "no token": "",
    }
    status, answer, _ = await world.ask("11", token=tokens[whose])

    assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert await world.owners() == BOTH


async def test_the_signature_of_a_push_is_no_token_however_fresh(world: World) -> None:
    """Whoever recorded what the relay signed for the site can show it, and gets nothing for it."""
    signed = sign(b"{}", message_id="msg_1", timestamp_s=1_800_000_000, secrets=[world.secrets["acme"]])
    status, _, _ = await world.ask("11", token=signed["webhook-signature"], **signed)

    assert status == 401
    assert await world.owners() == BOTH


async def test_the_token_of_a_secret_that_was_taken_away_gives_nothing_back(world: World) -> None:
    old, world.secrets["acme"] = world.secrets["acme"], new_site_secret()
    await world.sites.change_secrets("acme", lambda site: replace(site, secrets=(world.secrets["acme"],)))

    assert (await world.ask("11", token=of(old)))[0] == 401
    assert await world.owners() == BOTH
    assert (await world.ask("11"))[0] == 200


async def test_asked_again_it_changes_nothing_more(world: World) -> None:
    await world.ask("11")
    await world.connection.connect("11", "beta", SecretStr("EAA11"))
    world.told.clear()
    status, answer, _ = await world.ask("11")

    assert (status, answer["error"]["code"]) == (404, "no_such_page")
    assert await world.owners() == {"11": "beta", "22": "beta"}
    assert world.graph.subscribed == ["22", "11"]
    assert world.told == []


async def test_interrupted_behind_the_unbinding_it_ends_what_is_left(world: World) -> None:
    await world.rebinding.unbind("11")

    assert (await world.ask("11", site="beta"))[0] == 404
    assert world.graph.subscribed == ["11", "22"]
    assert (await world.ask("11"))[0] == 200
    assert world.graph.subscribed == ["22"]
    assert await world.pages.find("11") is None


async def test_while_somebody_changes_the_page_it_is_to_come_again_and_learns_no_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = world.rebinding._changes
    await log.begin("11", ChangeKind.MOVE, "beta", "acme", token="theirs")
    status, answer, headers = await world.ask("11")

    assert (status, answer["error"]["code"], headers["Retry-After"]) == (429, "changing", "5")
    assert "beta" not in str(answer)
    assert await world.owners() == BOTH


async def test_a_page_that_moves_between_look_and_unbinding_stays_with_its_new_site(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = world.append

    async def move_and_append(outbox: str, events: Sequence[Incoming]) -> Sequence[int]:
        monkeypatch.setattr(world.connection, "_append", append)
        await world.connection.bind("11", "beta", move=True)
        return await append(outbox, events)

    monkeypatch.setattr(world.connection, "_append", move_and_append)
    status, answer, _ = await world.ask("11")

    assert (status, answer["error"]["code"]) == (404, "no_such_page")
    assert await world.owners() == {"11": "beta", "22": "beta"}
    assert world.graph.subscribed == ["11", "22"]


async def test_a_page_that_another_site_connects_meanwhile_stays_subscribed_and_its_token_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsubscribe = world.graph.unsubscribe

    async def connect_and_unsubscribe(page_id: str, token: SecretStr) -> None:
        monkeypatch.setattr(world.graph, "unsubscribe", unsubscribe)
        await world.connection.connect("11", "beta", SecretStr("EAA11"))
        await unsubscribe(page_id, token)

    monkeypatch.setattr(world.graph, "unsubscribe", connect_and_unsubscribe)
    assert (await world.ask("11"))[0] == 200

    kept = await world.pages.find("11")
    assert kept is not None
    assert kept.site == "beta"
    assert "11" in world.graph.subscribed
    assert await world.owners() == {"11": "beta", "22": "beta"}


async def test_a_record_that_no_key_opens_is_forgotten_with_its_page(world: World) -> None:
    record: Any = await world.redis.hget("relay:pages", "22")
    await world.redis.hset("relay:pages", "11", record.replace(b"gAAAA", b"gAAAB"))
    status, answer, _ = await world.ask("11")

    assert (status, bool(answer["still_subscribed"])) == (200, True)
    assert await world.redis.hget("relay:pages", "11") is None


async def test_a_site_that_asks_in_a_loop_is_told_to_come_later(world: World) -> None:
    statuses = [(await world.ask("99"))[0] for _ in range(BURST + 5)]

    assert statuses == [404] * BURST + [429] * 5


async def test_without_redis_it_is_told_to_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_page_id: str) -> str | None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(world.rebinding, "find", away)
    status, answer, _ = await world.ask("11")

    assert (status, answer["error"]["code"]) == (503, "store_unavailable")
