"""A whole site and a relay that a test holds in its hands: when it announces itself, and what its people get to see."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql.database import FILE_NAME
from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from onsite.engine import announcer as announcer_module
from shared.clock import iso_ms
from shared.signing import sign
from shared.site_secret import api_token
from shared.wire import EVENTS_PATH
from tests.integration.onsite.command import run_onsite
from tests.integration.onsite.site import SECRET, RunningSite, batch, messenger_event
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.support.logs import written_logs
from tests.world.ports import free_port
from tests.world.watching import eventually

DEADLINE_S = 10.0

UP = {"state": "up", "waiting": 0, "pages": ["1122"], "check_again_s": 60}
PARKED = UP | {"state": "parked", "waiting": 3, "oldest_s": 90, "last_error": "the site answered 502"}

Answer = Callable[[], web.Response]


def says(document: dict[str, Any], status: int = 200) -> Answer:
    return lambda: web.json_response(document, status=status)


class FakeRelay:
    """Answers calls of sites; wakes who waits for one."""

    def __init__(self) -> None:
        self.on_ready: Answer = says({"state": "up", "waiting": 0, "draining": False})
        self.on_look: Answer = says(UP)
        self.calls: list[str] = []
        self.refused: list[str] = []
        """Calls without the site's token."""
        self._called = asyncio.Condition()

    async def ready(self, request: web.Request) -> web.Response:
        return await self._take("ready", request, self.on_ready)

    async def look(self, request: web.Request) -> web.Response:
        return await self._take("look", request, self.on_look)

    async def had(self, call: str, count: int = 1) -> None:
        """Wait until it was called so often. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE_S), self._called:
            await self._called.wait_for(lambda: self.calls.count(call) >= count)

    async def _take(self, call: str, request: web.Request, answer: Answer) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {api_token(SECRET).get_secret_value()}":
            self.refused.append(call)
        async with self._called:
            self.calls.append(call)
            self._called.notify_all()
        return answer()


@asynccontextmanager
async def listening(relay: FakeRelay, *, port: int | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/sites/acme/ready", relay.ready)
    app.router.add_get("/v1/sites/acme", relay.look)
    async with TestServer(app, port=port) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site look soon, and often, at what it otherwise looks at every few seconds."""
    monkeypatch.setattr("onsite.core.announcing.LOOK_AFTER_ANNOUNCING_S", 0.05)
    monkeypatch.setattr("onsite.core.announcing.SOONEST_LOOK_S", 0.05)
    monkeypatch.setattr("onsite.core.announcing.FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(announcer_module, "TICK_S", 0.02)


@pytest.fixture
def relay() -> FakeRelay:
    return FakeRelay()


RunSite = Callable[..., AbstractAsyncContextManager[RunningSite]]
"""Runs a site that knows the relay's address, and whatever else of its settings a test changes."""


@pytest.fixture
def run_site(settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator) -> RunSite:
    @asynccontextmanager
    async def run(relay_url: str | None, **changes: Any) -> AsyncIterator[RunningSite]:
        told = settings.model_copy(update={"relay_url": relay_url} | changes)
        async with serving(told) as port, aiohttp.ClientSession() as http:
            yield RunningSite(told, f"http://127.0.0.1:{port}", http, graph, telegram)

    return run


@pytest.fixture
async def site(relay: FakeRelay, run_site: RunSite) -> AsyncIterator[RunningSite]:
    async with listening(relay) as url, run_site(url) as site:
        yield site


async def shown_of_relay(site: RunningSite, state: str, words: str = "") -> dict[str, Any]:
    """Wait until the status shows this state in these words, and return it. Raises AssertionError."""

    async def look() -> dict[str, Any]:
        shown: dict[str, Any] = (await site.get("/status"))["relay"]
        return shown

    return await eventually(look, lambda shown: shown["state"] == state and words in shown["sentence"], within_s=10)


async def test_a_site_announces_itself_when_it_listens_and_then_shows_how_the_relay_sees_it(
    site: RunningSite, relay: FakeRelay
) -> None:
    await relay.had("look")
    shown = await shown_of_relay(site, "up")
    status = await site.get("/status")

    assert relay.calls[:2] == ["ready", "look"]
    assert relay.refused == []
    assert (shown["sentence"], shown["waiting"]) == ("", 0)
    assert shown["announced_at"] is not None
    assert "announcer" in [task["name"] for task in status["tasks"]]


async def test_when_it_announces_itself_it_takes_pushes(run_site: RunSite) -> None:
    pushed: list[int] = []
    port = free_port()

    class PushingRelay(FakeRelay):
        async def ready(self, request: web.Request) -> web.Response:
            body = batch([messenger_event("what waited", mid="m1")])
            headers = sign(body, message_id="msg_1", timestamp_s=int(time.time()), secrets=[SECRET])
            async with (
                aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
                http.post(EVENTS_PATH, data=body, headers=headers) as answer,
            ):
                pushed.append(answer.status)
            return await super().ready(request)

    pushing = PushingRelay()
    async with listening(pushing) as url, run_site(url, port=port):
        await pushing.had("ready")

    assert pushed == [200]


async def test_a_relay_that_is_down_does_not_hold_up_the_start_and_is_told_when_it_comes(
    relay: FakeRelay, run_site: RunSite
) -> None:
    port = free_port()
    async with run_site(f"http://127.0.0.1:{port}") as site:
        before = await shown_of_relay(site, "unreachable")
        assert (await site.push_events(messenger_event("hello", mid="m1")))[0] == 200
        async with listening(relay, port=port):
            await relay.had("ready")
            after = await shown_of_relay(site, "up")

    assert "takes no connection" in before["sentence"]
    assert before["announced_at"] is None
    assert after["announced_at"] is not None


async def test_a_relay_that_went_away_is_told_again_once_it_is_back(relay: FakeRelay, run_site: RunSite) -> None:
    port = free_port()
    relay.on_look = says(UP | {"check_again_s": 0.05})
    async with run_site(f"http://127.0.0.1:{port}") as site:
        async with listening(relay, port=port):
            await relay.had("look", 2)
        await shown_of_relay(site, "unreachable")
        async with listening(relay, port=port):
            await relay.had("ready", 2)


async def test_a_database_that_works_again_is_announced(
    relay: FakeRelay, run_site: RunSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    hello = messenger_event("hello", mid="m1")
    async with listening(relay) as url, run_site(url) as site:
        await relay.had("look")
        with closing(sqlite3.connect(site.settings.data_dir / FILE_NAME, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            assert (await site.push_events(hello))[0] == 503
            assert relay.calls.count("ready") == 1
        await relay.had("ready", 2)

        assert (await site.push_events(hello))[0] == 200


PARKED_ONCE = {"state": "parked", "waiting": 3, "draining": True}
WRONG_CLOCK = UP | {"time": iso_ms(0)}


@pytest.mark.parametrize(
    ("ready", "look", "state", "words"),
    [
        pytest.param(says(PARKED_ONCE), says(PARKED), "parked", "the site answered 502", id="parked"),
        pytest.param(says({}, 409), says(UP | {"state": "paused"}), "paused", "relay site resume", id="paused"),
        pytest.param(says({}, 401), says({}, 401), "refused", "ONSITE_RELAY_SECRET", id="another secret"),
        pytest.param(says({}, 404), says({}, 404), "not_offered", "/v1/sites/", id="an older relay"),
        pytest.param(says({}, 503), says({}, 503), "troubled", "(503)", id="a relay in trouble"),
        pytest.param(says(UP), says(WRONG_CLOCK), "clock_off", "NTP", id="a wrong clock"),
    ],
)
async def test_what_is_wrong_is_shown_to_people_and_machines_with_what_to_do(
    relay: FakeRelay,
    run_site: RunSite,
    tmp_path: Path,
    ready: Answer,
    look: Answer,
    state: str,
    words: str,
) -> None:
    relay.on_ready, relay.on_look = ready, look
    async with listening(relay) as url, run_site(url) as site:
        shown = await shown_of_relay(site, state, words)
        command, readyz, metrics = await as_told_elsewhere(site, tmp_path)

    assert shown["announced_at"] is None or state in {"parked", "clock_off"}
    assert f"  {state}: " in command
    assert words in " ".join(command.split())
    assert readyz == (200, state)
    assert f'onsite_relay{{state="{state}"}} 1.0' in metrics


async def as_told_elsewhere(site: RunningSite, folder: Path) -> tuple[str, tuple[int, str], str]:
    """Return what `onsite status` prints, the status and the relay's state of `/readyz`, and the metrics."""
    env = {"ONSITE_DATA_DIR": str(site.settings.data_dir), "ONSITE_PORT": site.url.rpartition(":")[2]}
    command = await run_onsite("status", env=env, cwd=str(folder))
    async with site.http.get(site.url + "/readyz") as answer:
        readyz = answer.status, str(json.loads(await answer.text())["relay"])
    async with site.http.get(site.url + "/metrics") as answer:
        metrics = await answer.text()
    return command.out, readyz, metrics


async def test_without_the_relays_address_nobody_is_asked_and_that_is_said_once(run_site: RunSite) -> None:
    with written_logs() as logs:
        async with run_site(None) as site:
            status = await site.get("/status")
    said = [line for line in logs.lines if line["event"] == "announcing_off"]

    assert status["relay"]["state"] == "off"
    assert "ONSITE_RELAY_URL" in status["relay"]["sentence"]
    assert "announcer" not in [task["name"] for task in status["tasks"]]
    assert [(line["level"], "ONSITE_RELAY_URL" in line["reason"]) for line in said] == [("info", True)]


async def test_a_site_for_telegram_alone_is_not_told_of_announcing(run_site: RunSite) -> None:
    with written_logs() as logs:
        async with run_site(None, site=None, relay_secret=None):
            pass

    assert "announcing_off" not in logs.text


async def test_no_log_tells_token_or_secret(relay: FakeRelay, run_site: RunSite) -> None:
    with written_logs() as logs:
        async with listening(relay) as url, run_site(url):
            await relay.had("look")
            relay.on_look = says({}, 401)
    text = logs.text

    assert "site_announced" in text
    assert SECRET.get_secret_value() not in text
    assert api_token(SECRET).get_secret_value() not in text
