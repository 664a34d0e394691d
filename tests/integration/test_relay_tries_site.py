"""`check`, from the site's client through the relay's routes to the site and back: what is found, and what it costs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from onsite.adapters.relay_client import RelayClient
from relay.core import keys
from shared.site_secret import new_site_secret
from tests.support import facebook
from tests.support.receiving_site import ReceivingSite, status
from tests.support.relay import RunningRelay, running_relay
from tests.support.waiting import process_does, soon


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
def client(relay: RunningRelay, acme: ReceivingSite) -> RelayClient:
    """Return the site's own client."""
    return RelayClient(relay.http, base_url=relay.url, site="acme", secret=SecretStr(acme.secret))


async def test_a_site_that_is_up_learns_that_it_is_reached_and_where(client: RelayClient, acme: ReceivingSite) -> None:
    trial = await client.check()

    assert trial.reached is True
    assert f"{acme.url}/relay/events" in trial.sentence
    assert [batch.events for batch in acme.batches] == [[]]


async def test_a_site_that_refuses_learns_why_and_what_to_do(client: RelayClient, acme: ReceivingSite) -> None:
    acme.secret = new_site_secret().get_secret_value()
    trial = await client.check()

    assert trial.reached is False
    assert "refused the signature (401)" in trial.sentence
    assert "ONSITE_RELAY_SECRET" in trial.remedy


async def test_while_it_is_tried_a_second_question_is_not_answered(client: RelayClient, acme: ReceivingSite) -> None:
    acme.silent = True
    first = asyncio.create_task(client.check())
    await soon(acme.asked.wait())
    second = await client.check()
    acme.silent = False
    acme.wake()

    assert (second.reached, "too often" in second.sentence) == (None, True)
    assert (await soon(first)).reached is True


async def test_a_parked_site_stays_parked_with_what_waits_until_it_announces_itself(
    relay: RunningRelay, redis: Redis, client: RelayClient, acme: ReceivingSite
) -> None:
    acme.answers = [status(502)]
    await relay.webhook(facebook.messages("1122", "hello"))

    async def is_parked() -> bool:
        return await redis.hget(keys.delivery("acme"), "state") == b"parked"

    await process_does(is_parked)
    before = await redis.hgetall(keys.delivery("acme"))
    assert (await client.check()).reached is True

    assert await redis.hgetall(keys.delivery("acme")) == before
    assert await redis.xlen(keys.outbox("acme")) == 1
    await client.ready()
    await acme.has(1)
    assert acme.texts == ["hello"]


async def test_a_paused_site_can_be_tried_and_stays_paused(
    relay: RunningRelay, redis: Redis, client: RelayClient, acme: ReceivingSite
) -> None:
    await relay.admin("POST", "/sites/acme/pause", {})

    assert (await client.check()).reached is True
    assert await redis.hget(keys.delivery("acme"), "state") == b"paused"


async def test_a_new_address_is_tried_at_once_and_an_address_that_is_not_allowed_never(
    relay: RunningRelay, client: RelayClient, acme: ReceivingSite
) -> None:
    elsewhere = acme.url.replace("127.0.0.1", "localhost")
    await relay.admin("PATCH", "/sites/acme", {"url": elsewhere, "forbid_networks": ["127.0.0.0/8"]})
    trial = await client.check()

    assert trial.reached is False
    assert "an address of the machine itself" in trial.sentence
    assert "ask the relay's operator" in trial.remedy
    assert not acme.asked.is_set()


async def test_no_push_of_a_trial_leaves_a_connection_behind(client: RelayClient, acme: ReceivingSite) -> None:
    await client.check()

    async def none_is_open() -> bool:
        return acme.open_connections == 0

    await process_does(none_is_open)
