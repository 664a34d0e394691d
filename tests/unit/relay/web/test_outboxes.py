"""The admin API of outboxes: who may use it, what it takes and answers, and how much at once."""

from collections.abc import AsyncIterator
from typing import Any

import fakeredis
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from relay.adapters.redis_outboxes import RedisOutboxes
from relay.core import keys
from relay.core.limits import DEAD_LIMITS, OUTBOX_LIMITS, Part
from relay.engine.outbox_admin import LIST_AT_MOST, OutboxAdmin
from relay.web import outboxes as outboxes_module
from relay.web.app import build_app
from relay.web.outboxes import PREFIX, OutboxRoutes
from tests.support.clock import NOON, ManualClock
from tests.support.fakes import FakeSites
from tests.support.rebinding import redis_rebinding

TOKEN = "admin-token-example"
NOON_MS = round(NOON * 1000)
LIMITS = {Part.WAITING: OUTBOX_LIMITS, Part.DEAD: DEAD_LIMITS}

ROUTES = [
    ("GET", ""),
    ("GET", "/acme"),
    ("GET", "/acme/events"),
    ("POST", "/acme/drop"),
    ("POST", "/acme/replay"),
    ("POST", "/acme/set-aside"),
]


class Bench:
    """The routes on a real server, over fakeredis."""

    def __init__(self) -> None:
        self.redis = fakeredis.FakeAsyncRedis()
        rebinding = redis_rebinding(self.redis, FakeSites("acme"))
        admin = OutboxAdmin(RedisOutboxes(self.redis, LIMITS), LIMITS, rebinding)
        routes = OutboxRoutes(admin, token=SecretStr(TOKEN), clock=ManualClock())
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def ask(self, method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
        """Call as an operator; returns status and decoded answer."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = await self.client.request(method, PREFIX + path, json=body, params=query, headers=headers)
        return answer.status, await answer.json()

    async def put(self, *ages_s: int, outbox: str = "acme", says: bytes = b'{"message":{"text":"hello"}}') -> None:
        """Put in events that came so many seconds before noon."""
        for number, age_s in enumerate(ages_s):
            entry_id = f"{NOON_MS - age_s * 1000}-{number}"
            await self.redis.xadd(keys.outbox(outbox), {"p": "22", "k": "messaging", "d": says}, id=entry_id)
            await self.redis.hincrby(keys.delivery(outbox), "waiting_bytes", len(says))
        await self.redis.zadd(keys.BACKLOG, {outbox: 0})


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.redis.hset(keys.SITES, "acme", "x")
    await bench.client.start_server()
    yield bench
    await bench.client.close()


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_the_token_every_route_is_401(bench: Bench, method: str, path: str) -> None:
    answer = await bench.client.request(method, PREFIX + path, json={})

    assert answer.status == 401


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_is_in_the_docstring(method: str, path: str) -> None:
    named = f"{method:4} {PREFIX}{path.replace('acme', '{outbox}')}"

    assert any(line.startswith(named + " ") for line in (outboxes_module.__doc__ or "").splitlines())


class TestList:
    async def test_an_outbox_is_told_with_what_waits_until_when_and_what_was_lost(self, bench: Bench) -> None:
        await bench.put(60, 30)
        await bench.put(10, outbox="~22")
        for name, value in {"dropped": "4", "dropped:ms": str(NOON_MS)}.items():
            await bench.redis.hset(keys.losses("acme"), name, value)
        status, told = await bench.ask("GET", "")
        acme, page = told["outboxes"]

        assert (status, told["next"]) == (200, "")
        assert (acme["site"], acme["page_id"], acme["waiting"], acme["waiting_bytes"]) == ("acme", None, 2, 56)
        assert (acme["oldest_at"], acme["kept_until"]) == ("2027-01-15T07:59:00.000Z", "2027-01-22T07:59:00.000Z")
        assert acme["losses"] == [{"reason": "dropped", "count": 4, "last_at": "2027-01-15T08:00:00.000Z"}]
        assert (page["site"], page["page_id"], page["waiting"]) == (None, "22", 1)
        assert (await bench.ask("GET", "/acme"))[1] == acme

    async def test_unclaimed_pages_alone_and_few_at_once(self, bench: Bench) -> None:
        for name in ("acme", "~22", "~33"):
            await bench.put(1, outbox=name)
        first = (await bench.ask("GET", "", unclaimed="1", limit="1"))[1]
        rest = (await bench.ask("GET", "", unclaimed="1", limit="1", after=first["next"]))[1]

        assert [[each["page_id"] for each in told["outboxes"]] for told in (first, rest)] == [["22"], ["33"]]


class TestEvents:
    async def test_they_are_told_without_what_they_say(self, bench: Bench) -> None:
        await bench.put(60)
        status, told = await bench.ask("GET", "/acme/events")

        assert status == 200
        assert told == {
            "events": [
                {
                    "id": f"{NOON_MS - 60_000}-0",
                    "page_id": "22",
                    "kind": "messaging",
                    "size": 28,
                    "accepted_at": "2027-01-15T07:59:00.000Z",
                    "reason": "",
                    "waited_as": "",
                }
            ],
            "next": "",
        }

    @pytest.mark.parametrize(
        ("says", "shown"),
        [
            pytest.param(b'{"message":{"text":"hello"}}', {"message": {"text": "hello"}}, id="JSON"),
            pytest.param(b"{half", "{half", id="no JSON"),
            pytest.param(b"\xff", "\ufffd", id="no text"),
        ],
    )
    async def test_what_they_say_is_told_when_it_is_asked_for(self, bench: Bench, says: bytes, shown: object) -> None:
        await bench.put(60, says=says)
        _, told = await bench.ask("GET", "/acme/events", payload="1")

        assert told["events"][0]["payload"] == shown

    async def test_they_are_chosen_by_time_and_told_few_at_once(self, bench: Bench) -> None:
        await bench.put(7200, 3600, 60, 30)
        first = (await bench.ask("GET", "/acme/events", since="90m", limit="2"))[1]
        rest = (await bench.ask("GET", "/acme/events", since="90m", limit="2", after=first["next"]))[1]

        assert [len(told["events"]) for told in (first, rest)] == [2, 1]
        assert rest["next"] == ""

    async def test_a_page_that_nobody_claims_has_them_too(self, bench: Bench) -> None:
        await bench.put(60, outbox="~22")

        assert len((await bench.ask("GET", "/~22/events"))[1]["events"]) == 1


class TestSteps:
    async def test_a_dry_run_then_a_drop_are_told_alike(self, bench: Bench) -> None:
        await bench.put(60, 30)
        dry = await bench.ask("POST", "/acme/drop", {"dry_run": True})
        assert await bench.redis.xlen(keys.outbox("acme")) == 2
        done = await bench.ask("POST", "/acme/drop", {"last": dry[1]["last"]})

        assert dry == done
        assert done == (
            200,
            {
                "chosen": 2,
                "bytes": 56,
                "looked_at": 2,
                "in_flight": 0,
                "full": False,
                "next": "",
                "last": f"{NOON_MS - 30_000}-1",
            },
        )
        assert await bench.redis.xlen(keys.outbox("acme")) == 0

    async def test_an_event_is_set_aside_listed_among_the_dead_and_replayed(self, bench: Bench) -> None:
        await bench.put(60, 30)
        event_id = f"{NOON_MS - 60_000}-0"
        await bench.ask("POST", "/acme/set-aside", {"id": event_id, "reason": "the firewall"})
        (letter,) = (await bench.ask("GET", "/acme/events", part="dead"))[1]["events"]
        assert (letter["reason"], letter["waited_as"]) == ("set aside by an operator: the firewall", event_id)
        assert letter["accepted_at"] == "2027-01-15T07:59:00.000Z"
        _, replayed = await bench.ask("POST", "/acme/replay", {"id": letter["id"]})

        assert replayed["chosen"] == 1
        assert [each["accepted_at"] for each in (await bench.ask("GET", "/acme/events"))[1]["events"]] == [
            "2027-01-15T07:59:30.000Z",
            "2027-01-15T07:59:00.000Z",
        ]

    async def test_dead_letters_are_dropped_apart(self, bench: Bench) -> None:
        await bench.put(60)
        await bench.redis.xadd(keys.dead("acme"), {"p": "22", "k": "messaging", "d": "x", "id": "1-1", "why": "odd"})
        await bench.ask("POST", "/acme/drop", {"part": "dead"})

        assert await bench.redis.hgetall(keys.losses("acme")) != {}
        assert (await bench.redis.xlen(keys.dead("acme")), await bench.redis.xlen(keys.outbox("acme"))) == (0, 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "status", "words"),
    [
        pytest.param("GET", "/nobody", None, {}, 404, "no outbox nobody", id="a site that is not there"),
        pytest.param("GET", "/~acme/events", None, {}, 404, "no outbox ~acme", id="a page that is none"),
        pytest.param("POST", "/nobody/drop", {}, {}, 404, "no outbox nobody", id="a site that is not there, to drop"),
        pytest.param("GET", "", None, {"limit": "0"}, 400, f"from 1 to {LIST_AT_MOST}", id="nothing at once"),
        pytest.param("GET", "", None, {"limit": "1000000"}, 400, "whole number", id="all at once"),
        pytest.param("GET", "/acme/events", None, {"limit": "\u0662"}, 400, "whole number", id="a limit in no digits"),
        pytest.param("GET", "/acme/events", None, {"part": "lost"}, 400, "one of waiting, dead", id="no part"),
        pytest.param("GET", "/acme/events", None, {"since": "noon"}, 409, "is no time", id="no time"),
        pytest.param("GET", "/acme/events", None, {"after": "noon"}, 409, "no place", id="no place"),
        pytest.param("POST", "/acme/drop", {"id": "1"}, {}, 409, "no id of an event", id="no id"),
        pytest.param("POST", "/acme/drop", {"page": 22}, {}, 400, "page is no text", id="a page as a number"),
        pytest.param("POST", "/acme/drop", {"dry_run": "yes"}, {}, 400, "neither true nor false", id="no flag"),
        pytest.param("POST", "/acme/drop", {"part": "all"}, {}, 400, "one of waiting, dead", id="no part to drop"),
        pytest.param("POST", "/acme/drop", [], {}, 400, "no object", id="a list"),
    ],
)
async def test_what_cannot_be_meant_is_said_and_changes_nothing(
    bench: Bench, method: str, path: str, body: object, query: dict[str, str], status: int, words: str
) -> None:
    await bench.put(60)
    answered, told = await bench.ask(method, path, body, **query)

    assert answered == status
    assert words in told["error"]["message"]
    assert await bench.redis.xlen(keys.outbox("acme")) == 1
