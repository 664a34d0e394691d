"""A site announces itself to a whole relay: real Redis, real HTTP, a real site."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.bootstrap.parts import open_store
from relay.core import keys
from relay.core.pace import PROBE_EVENTS
from relay.core.site import Site
from relay.engine import site_callers
from shared.site_secret import api_token, new_site_secret
from tests.support import facebook
from tests.support.receiving_site import ReceivingSite, status
from tests.support.relay import RunningRelay, relay_settings, running_relay
from tests.support.waiting import process_does, soon

TEN_MINUTES_MS = 600_000


@pytest.fixture
async def relay(redis_url: str, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    async with running_relay(redis_url, tmp_path) as relay:
        yield relay


@pytest.fixture
async def acme(relay: RunningRelay) -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        await relay.register("acme", site, "1")
        yield site


async def call(relay: RunningRelay, method: str, path: str, secret: str) -> tuple[int, Any]:
    """Call the relay as a site does; returns status and decoded answer."""
    headers = {"Authorization": f"Bearer {api_token(SecretStr(secret)).get_secret_value()}"}
    async with relay.http.request(method, f"{relay.url}/v1/sites{path}", headers=headers) as answer:
        return answer.status, await answer.json()


async def state_is(redis: Redis, state: str) -> None:
    """Wait until Redis says so. Raises TimeoutError."""

    async def look() -> bool:
        return await redis.hget(keys.delivery("acme"), "state") == state.encode()

    await process_does(look)


async def park_deep(relay: RunningRelay, redis: Redis, acme: ReceivingSite, texts: list[str]) -> None:
    """Let events wait for a site that has been down for long, its next attempt ten minutes ahead."""
    await acme.go_down()
    assert await relay.webhook(facebook.messages("1", *texts)) == 200
    await state_is(redis, "parked")
    deep = {"failures": 9, "next_attempt_ms": round(time.time() * 1000) + TEN_MINUTES_MS}
    await redis.hset(keys.delivery("acme"), mapping=dict[Any, Any](deep))


async def test_a_site_that_returns_gets_everything_in_order_at_once_ten_minutes_before_its_next_attempt(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite
) -> None:
    texts = [f"t{number}" for number in range(25)]
    await park_deep(relay, redis, acme, texts)
    await acme.come_up()
    answered = await call(relay, "POST", "/acme/ready", acme.secret)
    await acme.has(25)
    await state_is(redis, "up")

    assert answered == (200, {"state": "parked", "waiting": 25, "draining": True})
    assert acme.texts == texts
    assert [len(batch.events) for batch in acme.batches] == [PROBE_EVENTS, 15]
    assert (await call(relay, "GET", "/acme", acme.secret))[1]["failures"] == 0


async def test_a_site_that_comes_up_while_an_attempt_at_it_fails_is_tried_again_at_once(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite
) -> None:
    acme.silent, acme.answers = True, [status(503, Retry_After="3600")]
    assert await relay.webhook(facebook.messages("1", "a", "b")) == 200
    await soon(acme.asked.wait())
    answered = await call(relay, "POST", "/acme/ready", acme.secret)
    acme.silent = False
    acme.wake()  # and now the attempt that began before the announcement fails, asking for an hour
    await acme.has(2)

    assert answered == (200, {"state": "up", "waiting": 2, "draining": True})
    assert acme.texts == ["a", "b"]


async def test_a_site_that_announces_itself_and_still_fails_is_parked_on_a_short_step_of_the_ladder(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite
) -> None:
    await park_deep(relay, redis, acme, ["a"])
    assert (await call(relay, "POST", "/acme/ready", acme.secret))[0] == 200

    async def failed_again() -> bool:
        return await redis.hget(keys.delivery("acme"), "failures") == b"2"

    await process_does(failed_again)
    next_attempt_ms = int(await redis.hget(keys.delivery("acme"), "next_attempt_ms") or 0)

    assert 0 < next_attempt_ms / 1000 - time.time() < 7


async def test_a_parked_site_for_which_nothing_waits_is_up_and_its_next_event_goes_the_live_way(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite
) -> None:
    await park_deep(relay, redis, acme, ["dropped by an operator"])
    await redis.delete(keys.outbox("acme"))
    await acme.come_up()
    answered = await call(relay, "POST", "/acme/ready", acme.secret)
    assert not acme.asked.is_set()
    await relay.webhook(facebook.messages("1", "a"))
    await acme.has(1)

    assert answered == (200, {"state": "up", "waiting": 0, "draining": False})
    assert acme.texts == ["a"]


async def test_a_paused_site_stays_paused_and_says_who_can_help(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite
) -> None:
    acme.answers = [status(410)]
    assert await relay.webhook(facebook.messages("1", "a")) == 200
    await state_is(redis, "paused")
    code, answer = await call(relay, "POST", "/acme/ready", acme.secret)
    look = (await call(relay, "GET", "/acme", acme.secret))[1]

    assert (code, answer["error"]["code"]) == (409, "paused")
    assert "relay site resume acme" in answer["error"]["message"]
    assert (look["state"], look["waiting"], look["draining"]) == ("paused", 1, False)
    assert "410" in look["last_error"]
    assert acme.texts == []


async def test_a_site_looks_at_itself(relay: RunningRelay, redis: Redis, acme: ReceivingSite) -> None:
    await relay.admin("PUT", "/bindings/22", {"site": "acme"})
    await park_deep(relay, redis, acme, ["a", "b"])
    code, look = await call(relay, "GET", "/acme", acme.secret)

    assert code == 200
    assert (look["site"], look["state"], look["waiting"], look["pages"]) == ("acme", "parked", 2, ["1", "22"])
    assert 0 <= look["oldest_s"] < 60
    assert "does not take connections" in look["last_error"]
    assert look["next_attempt"] > look["time"]


async def test_while_a_secret_rotates_both_speak_for_the_site(
    relay: RunningRelay, redis_url: str, tmp_path: Path
) -> None:
    old, new, other = (new_site_secret() for _ in range(3))
    async with open_store(relay_settings(tmp_path), redis_url) as store:
        await store.sites.add(Site("gamma", "https://chat.example", (new, old), 1))
    codes = [(await call(relay, "GET", "/gamma", each.get_secret_value()))[0] for each in (new, old, other)]

    assert codes == [200, 200, 401]


async def test_a_flood_of_strangers_costs_redis_a_bounded_number_of_round_trips(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_callers, "PAUSE_S", 0.1)  # so that a slow machine has no time for 600 of them
    await redis.config_resetstat()
    stranger = new_site_secret().get_secret_value()
    began = time.monotonic()
    answers = await asyncio.gather(
        *(call(relay, "GET", f"/{'acme' if number % 2 else f'guess-{number}'}", stranger) for number in range(600)),
        *(call(relay, "POST", f"/guess-{number}/ready", stranger) for number in range(600)),
    )
    took_s = time.monotonic() - began
    commands = await redis.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): stats["calls"] for name, stats in commands.items()}

    assert {code for code, _ in answers} == {401}
    assert calls.pop("hmget") <= took_s / 0.1 + 2 < 600
    assert set(calls) <= {"config", "info", "config|resetstat"}


async def test_an_announcement_at_one_process_reaches_a_site_that_another_has_parked(
    relay: RunningRelay, redis: Redis, redis_url: str, tmp_path: Path, acme: ReceivingSite
) -> None:
    await park_deep(relay, redis, acme, ["a", "b"])
    await acme.come_up()
    async with running_relay(redis_url, tmp_path) as other:
        assert (await call(other, "POST", "/acme/ready", acme.secret))[0] == 200
        await acme.has(2)

    assert acme.texts == ["a", "b"]
