"""What sites may ask: each for itself alone, without telling anybody else which sites there are."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.core.site import Site
from relay.engine import metrics
from relay.engine.announcing import Announced, Announcing
from relay.engine.site_callers import SiteCallers
from relay.engine.site_pages import SitePages
from relay.engine.status import OutboxStatus
from relay.web import sites
from relay.web.app import build_app
from relay.web.site_guard import REFUSED_AFTER_S
from relay.web.sites import LOOK_BURST, MAX_BODY_BYTES, READY_BURST, SiteRoutes
from shared.releases import own_version
from shared.site_secret import api_token, new_site_secret
from tests.support.clock import NOON, ManualClock

SECRET = new_site_secret()
TOKEN = api_token(SECRET).get_secret_value()
NOON_MS = round(NOON * 1000)
PARKED = OutboxStatus(
    outbox="acme",
    state=DeliveryState.PARKED,
    waiting=3,
    oldest_at_ms=NOON_MS - 61_400,
    delivering=False,
    delivered=12,
    dead_letters=1,
    failures=4,
    parked_since_ms=NOON_MS - 60_000,
    next_attempt_ms=NOON_MS + 90_000,
    last_error="the site answered 502",
    last_error_at_ms=NOON_MS - 1,
    last_success_at_ms=None,
)


class World:
    """The routes on a real server, over stores that a test holds in its hands."""

    def __init__(self) -> None:
        self.announced = Announced(DeliveryState.PARKED, 3, draining=False)
        self.status = PARKED
        self.claimed: list[str] = []
        self.announcements: list[str] = []
        self.slept: list[float] = []
        self.broken = False
        self.bindings = [("33", "acme"), ("44", "beta"), ("22", "acme")]
        callers, announcing, pages = SiteCallers(self, self), Announcing(self, self), SitePages(self)
        routes = SiteRoutes(callers, announcing, pages, outboxes=self.outboxes, clock=ManualClock(), sleep=self.sleep)
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def find(self, names: Sequence[str]) -> Mapping[str, Site]:
        """Stand in for the sites."""
        if self.broken:
            raise StoreUnavailable("away")
        return {"acme": Site("acme", "https://chat.example", (SECRET,), 1)} if "acme" in names else {}

    async def note(self, site: str, token: bytes) -> None:
        """Stand in for the notes of secrets in use; no secret rotates here."""
        raise AssertionError((site, token))

    async def ready(self, outbox: str) -> Announced:
        """Stand in for the outboxes."""
        self.announcements.append(outbox)
        return self.announced

    async def claim(self, outbox: str) -> bool:
        """Stand in for the lane."""
        self.claimed.append(outbox)
        return True

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        """Stand in for the status."""
        assert names == ["acme"]
        return [self.status]

    async def scan(self) -> AsyncIterator[tuple[str, str]]:
        """Stand in for the bindings."""
        for binding in self.bindings:
            yield binding

    async def sleep(self, seconds: float) -> None:
        """Remember a pause, and take none."""
        self.slept.append(seconds)

    async def ask(
        self, method: str, path: str, token: str | None = TOKEN, body: bytes | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Call as a site; returns status, decoded answer and headers."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = URL(path, encoded=True)
        async with self.client.request(method, url, data=body, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with world.client:
        yield world


def counted(call: str, result: str) -> float:
    return float(metrics.SITE_CALLS.labels(call, result)._value.get())


class TestReady:
    async def test_what_waits_is_drained_and_the_answer_says_so(self, world: World) -> None:
        before = counted("ready", "ok")
        status, answer, _ = await world.ask("POST", "/v1/sites/acme/ready")

        assert (status, answer) == (200, {"state": "parked", "waiting": 3, "draining": True})
        assert world.claimed == ["acme"]
        assert counted("ready", "ok") - before == 1

    async def test_with_nothing_waiting_nothing_is_drained(self, world: World) -> None:
        world.announced = Announced(DeliveryState.UP, 0, draining=False)

        assert (await world.ask("POST", "/v1/sites/acme/ready"))[:2] == (
            200,
            {"state": "up", "waiting": 0, "draining": False},
        )
        assert world.claimed == []

    async def test_a_paused_site_learns_who_can_resume_it(self, world: World) -> None:
        world.announced = Announced(DeliveryState.PAUSED, 7, draining=False)
        status, answer, _ = await world.ask("POST", "/v1/sites/acme/ready")

        assert (status, answer["error"]["code"], answer["waiting"]) == (409, "paused", 7)
        assert "`relay site resume acme`" in answer["error"]["message"]
        assert "7 events are kept" in answer["error"]["message"]
        assert world.claimed == []

    async def test_a_site_that_calls_in_a_loop_costs_no_more_than_a_few_calls(self, world: World) -> None:
        answers = [await world.ask("POST", "/v1/sites/acme/ready") for _ in range(READY_BURST + 20)]

        assert [status for status, _, _ in answers] == [200] * READY_BURST + [429] * 20
        assert len(world.announcements) == READY_BURST
        assert 1 <= int(answers[-1][2]["Retry-After"]) <= 2
        assert (await world.ask("GET", "/v1/sites/acme"))[0] == 200

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            pytest.param(b"", 200, id="none"),
            pytest.param(b'{"what a later site": "may say"}', 200, id="something"),
            pytest.param(b"x" * MAX_BODY_BYTES, 200, id="the largest"),
            pytest.param(b"x" * (MAX_BODY_BYTES + 1), 413, id="too large"),
        ],
    )
    async def test_a_body_is_bounded_and_means_nothing(self, world: World, body: bytes, status: int) -> None:
        assert (await world.ask("POST", "/v1/sites/acme/ready", body=body))[0] == status


class TestLook:
    async def test_a_site_sees_itself_as_the_relay_sees_it(self, world: World) -> None:
        assert (await world.ask("GET", "/v1/sites/acme"))[:2] == (
            200,
            {
                "site": "acme",
                "time": "2027-01-15T08:00:00.000Z",
                "version": own_version(),
                "state": "parked",
                "draining": False,
                "waiting": 3,
                "oldest_s": 61,
                "failures": 4,
                "parked_since": "2027-01-15T07:59:00.000Z",
                "next_attempt": "2027-01-15T08:01:30.000Z",
                "last_error": "the site answered 502",
                "last_error_at": "2027-01-15T07:59:59.999Z",
                "last_success_at": None,
                "dead_letters": 1,
                "check_again_s": 60,
                "pages": ["22", "33"],
            },
        )

    async def test_a_site_for_which_nothing_waits_has_no_oldest_event(self, world: World) -> None:
        world.status = replace(PARKED, state=DeliveryState.UP, waiting=0, oldest_at_ms=None, next_attempt_ms=None)
        answer = (await world.ask("GET", "/v1/sites/acme"))[1]

        assert (answer["state"], answer["oldest_s"], answer["next_attempt"]) == ("up", None, None)

    async def test_an_event_from_a_clock_that_is_ahead_has_no_negative_age(self, world: World) -> None:
        world.status = OutboxStatus(
            "a", DeliveryState.UP, 1, NOON_MS + 9000, False, 0, 0, 0, None, None, "", None, None
        )
        assert (await world.ask("GET", "/v1/sites/acme"))[1]["oldest_s"] == 0

    @pytest.mark.parametrize(("sites", "again_s"), [(0, 60), (1200, 60), (1201, 61), (10_000, 500)])
    async def test_the_more_sites_there_are_the_less_often_each_looks(
        self, world: World, sites: int, again_s: int
    ) -> None:
        world.bindings = [(str(number), f"site-{number}") for number in range(sites)]
        assert (await world.ask("GET", "/v1/sites/acme"))[1]["check_again_s"] == again_s

    async def test_a_site_that_asks_in_a_loop_is_told_to_come_later(self, world: World) -> None:
        statuses = [(await world.ask("GET", "/v1/sites/acme"))[0] for _ in range(LOOK_BURST + 5)]

        assert statuses == [200] * LOOK_BURST + [429] * 5


ROUTES = [("POST", "/v1/sites/{site}/ready"), ("GET", "/v1/sites/{site}")]

STRANGERS = [
    pytest.param("acme", None, id="no token"),
    pytest.param("acme", "", id="an empty token"),
    pytest.param("acme", "guessed", id="a wrong token"),
    pytest.param("acme", SECRET.get_secret_value(), id="the secret itself"),
    pytest.param("acme", TOKEN + "x", id="one letter too many"),
    pytest.param("beta", TOKEN, id="an unknown site"),
    pytest.param("ACME", TOKEN, id="no site's name"),
    pytest.param("%20", TOKEN, id="a blank"),
    pytest.param("acme%2F..", TOKEN, id="a way out"),
]


class TestStrangers:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    @pytest.mark.parametrize(("site", "token"), STRANGERS)
    async def test_whoever_has_no_valid_token_gets_one_and_the_same_answer(
        self, world: World, method: str, path: str, site: str, token: str | None
    ) -> None:
        status, answer, headers = await world.ask(method, path.replace("{site}", site), token)
        reference = await world.ask(method, path.replace("{site}", "nobody"), "x")

        assert (status, answer) == reference[:2]
        assert {**headers, "Date": ""} == {**reference[2], "Date": ""}
        assert (status, answer["error"]["code"], headers["WWW-Authenticate"]) == (401, "unauthorized", "Bearer")
        assert world.announcements == []

    @pytest.mark.parametrize(("site", "token"), STRANGERS)
    async def test_and_gets_it_at_the_same_time(self, world: World, site: str, token: str | None) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await world.ask("GET", f"/v1/sites/{site}", token)
        (pause_s,) = world.slept

        assert REFUSED_AFTER_S - (loop.time() - began) <= pause_s <= REFUSED_AFTER_S

    async def test_who_is_admitted_does_not_wait(self, world: World) -> None:
        await world.ask("GET", "/v1/sites/acme")

        assert world.slept == []

    @pytest.mark.parametrize("site", ["acme", "beta"])
    async def test_redis_away_is_503_for_every_name(self, world: World, site: str) -> None:
        world.broken = True
        status, answer, headers = await world.ask("POST", f"/v1/sites/{site}/ready", "guessed")

        assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "store_unavailable", "2")

    async def test_a_refusal_counts_and_a_throttled_call_counts(self, world: World) -> None:
        refused, throttled = counted("ready", "refused"), counted("ready", "throttled")
        await world.ask("POST", "/v1/sites/acme/ready", "guessed")
        for _ in range(READY_BURST + 1):
            await world.ask("POST", "/v1/sites/acme/ready")

        assert counted("ready", "refused") - refused == 1
        assert counted("ready", "throttled") - throttled == 1


def test_every_route_is_in_the_table_above_and_in_the_docstring() -> None:
    app = build_app([SiteRoutes(None, None, None, outboxes=None)])  # type: ignore[arg-type]  # nothing is called
    routes = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}

    assert routes == set(ROUTES)
    for method, path in routes:
        assert f"{method:6} {path} " in (sites.__doc__ or "")
