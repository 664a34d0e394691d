"""The site's client against the relay's own routes: what one half says is what the other understands."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from onsite.adapters.relay_client import RelayClient
from onsite.core.errors import NoConnectLink
from onsite.core.relay_answers import RelayState
from relay.core import keys
from shared.clock import iso_ms
from shared.releases import own_version
from shared.site_secret import new_site_secret
from tests.support import facebook
from tests.support.receiving_site import ReceivingSite, status
from tests.support.relay import RunningRelay, running_relay
from tests.support.waiting import process_does

NewClient = Callable[..., RelayClient]


@pytest.fixture
async def relay(redis_url: str, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    async with running_relay(redis_url, tmp_path) as relay:
        yield relay


@pytest.fixture
async def acme(relay: RunningRelay) -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        await relay.register("acme", site, "1122")
        yield site


@pytest.fixture
def new_client(relay: RunningRelay, acme: ReceivingSite) -> NewClient:
    """Make the client of a site, acme unless a test says otherwise."""

    def make(**changes: Any) -> RelayClient:
        who: dict[str, Any] = {"base_url": relay.url, "site": "acme", "secret": SecretStr(acme.secret)} | changes
        return RelayClient(relay.http, **who)

    return make


async def state_is(redis: Redis, state: str) -> None:
    """Wait until Redis says so. Raises TimeoutError."""

    async def look() -> bool:
        return await redis.hget(keys.delivery("acme"), "state") == state.encode()

    await process_does(look)


async def test_a_site_that_is_up_learns_so_and_its_pages(new_client: NewClient) -> None:
    client = new_client()
    announced, seen = await client.ready(), await client.look()

    assert (announced.state, announced.waiting) == (RelayState.UP, 0)
    assert (seen.state, seen.sentence, seen.waiting, seen.pages) == (RelayState.UP, "", 0, ("1122",))
    assert seen.check_again_s == 60
    assert seen.version == own_version()


async def test_a_site_that_cannot_be_reached_learns_why_and_what_waits(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite, new_client: NewClient
) -> None:
    acme.answers = [status(502)]
    await relay.webhook(facebook.messages("1122", "a", "b"))
    await state_is(redis, "parked")
    later_ms = round((time.time() + 600) * 1000)
    await redis.hset(keys.delivery("acme"), "next_attempt_ms", str(later_ms))
    seen = await new_client().look()

    assert (seen.state, seen.waiting) == (RelayState.PARKED, 2)
    assert "the site answered 502" in seen.sentence
    assert "Next attempt: 20" in seen.sentence
    announced = await new_client().ready()
    await acme.has(2)
    assert (announced.state, announced.waiting) == (RelayState.PARKED, 2)


async def test_a_paused_site_learns_it_from_either_call(
    relay: RunningRelay, redis: Redis, acme: ReceivingSite, new_client: NewClient
) -> None:
    acme.answers = [status(410)]
    await relay.webhook(facebook.messages("1122", "a"))
    await state_is(redis, "paused")

    assert [(await new_client().ready()).state, (await new_client().look()).state] == [RelayState.PAUSED] * 2


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"secret": new_site_secret()}, id="another secret"),
        pytest.param({"site": "beta"}, id="another name"),
    ],
)
async def test_a_site_that_is_not_who_it_says_is_refused(new_client: NewClient, changes: dict[str, Any]) -> None:
    client = new_client(**changes)

    assert [(await client.ready()).state, (await client.look()).state] == [RelayState.REFUSED] * 2


async def test_a_clock_that_is_off_is_seen_on_the_relays_answer(new_client: NewClient) -> None:
    seen = await new_client(clock=lambda: time.time() + 200).look()

    assert seen.state is RelayState.CLOCK_OFF
    assert "3 min ahead" in seen.sentence


async def test_a_relay_that_cannot_reach_its_redis_is_in_trouble(redis: Redis, new_client: NewClient) -> None:
    await redis.delete(keys.SITES)
    await redis.set(keys.SITES, "not a hash")

    assert (await new_client().ready()).state is RelayState.TROUBLED


async def test_a_site_that_asks_too_often_is_told_to_come_later(new_client: NewClient) -> None:
    client = new_client()
    states = [(await client.ready()).state for _ in range(5)]

    assert states == [RelayState.UP] * 3 + [RelayState.TROUBLED] * 2


async def test_an_address_that_is_no_relays_does_not_know_the_call(acme: ReceivingSite, new_client: NewClient) -> None:
    assert (await new_client(base_url=acme.url).ready()).state is RelayState.NOT_OFFERED


async def test_a_site_gets_a_link_from_a_relay_that_browsers_reach(redis_url: str, tmp_path: Path) -> None:
    async with (
        running_relay(redis_url, tmp_path, public_url="https://relay.example") as relay,
        ReceivingSite("") as acme,
    ):
        await relay.register("acme", acme)
        client = RelayClient(relay.http, base_url=relay.url, site="acme", secret=SecretStr(acme.secret))
        link = await client.connect_link("/channels")

    assert link.url.startswith("https://relay.example/facebook/connect/")
    assert link.expires_at > iso_ms(round(time.time() * 1000))


async def test_a_site_learns_that_its_relay_has_no_address_for_browsers(new_client: NewClient) -> None:
    with pytest.raises(NoConnectLink, match="RELAY_PUBLIC_URL"):
        await new_client().connect_link("/channels")
