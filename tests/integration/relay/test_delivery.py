"""A whole relay in this process, real Redis, real sites: who gets what, in which order, whatever happens to whom.

The retry lane is driven by hand instead of waiting for its ladder.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from redis.asyncio import Redis

from relay.adapters.push import HttpPush
from relay.adapters.push_sessions import PushSessions
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_backlog import RedisBacklog, mark
from relay.adapters.redis_status import RedisStatus
from relay.bootstrap.parts import Store, open_lane, open_store
from relay.core import keys
from relay.core.lease import LEASE_TTL_MS
from relay.core.outbox import DEFAULT_LIMITS
from relay.core.webhook import Incoming
from relay.engine.lane import Lane
from relay.engine.ports import Batch
from relay.engine.sweep import Rank, Sweep
from tests.support import facebook
from tests.support.outbox_stores import taken_by
from tests.support.receiving_site import Batch as Received
from tests.support.receiving_site import ReceivingSite, status
from tests.support.relay import RunningRelay, relay_settings, running_relay
from tests.support.streams import entries
from tests.support.waiting import process_does, soon


@pytest.fixture
async def relay(redis_url: str, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    async with running_relay(redis_url, tmp_path) as relay:
        yield relay


@pytest.fixture
async def acme() -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        yield site


@pytest.fixture
async def beta() -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        yield site


@pytest.fixture
async def store(redis_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """Open the store of another process, as a worker does."""
    async with open_store(relay_settings(tmp_path), redis_url) as store:
        yield store


@pytest.fixture
async def lane(store: Store) -> AsyncIterator[Lane]:
    """Make the lane of a worker, as the worker does."""
    async with open_lane(store) as lane:
        yield lane


async def state_is(redis: Redis, site: str, state: str) -> None:
    """Wait until Redis says so. Raises TimeoutError."""

    async def look() -> bool:
        return await redis.hget(keys.delivery(site), "state") == state.encode()

    await process_does(look)


async def drained(redis: Redis, site: str) -> None:
    """Wait until an outbox is empty and nobody drains it."""

    async def look() -> bool:
        return not await redis.exists(keys.outbox(site), keys.lease(site)) or (
            not await redis.xlen(keys.outbox(site)) and not await redis.exists(keys.lease(site))
        )

    await process_does(look)


async def look_at_all(redis: Redis, lane: Lane) -> int:
    """Sweep once, as if the look of every outbox were due; returns how many drains that started."""
    for name in await RedisStatus(redis).marked():
        await mark(redis, name)
    return (await Sweep(RedisBacklog(redis), lane, rank=Rank.WORKER, token="1").once()).started


async def send(relay: RunningRelay, page: str, *texts: str) -> None:
    """Send one webhook, which must be accepted."""
    assert await relay.webhook(facebook.messages(page, *texts)) == 200


class TestAnIsland:
    async def test_a_site_that_is_down_costs_the_other_nothing_and_gets_all_in_order_when_it_returns(
        self,
        relay: RunningRelay,
        redis: Redis,
        lane: Lane,
        acme: ReceivingSite,
        beta: ReceivingSite,
    ) -> None:
        await relay.register("acme", acme, "1")
        await relay.register("beta", beta, "2")
        await beta.go_down()
        both = facebook.body(
            facebook.entry("1", facebook.message("1", "a1")), facebook.entry("2", facebook.message("2", "b1"))
        )
        assert await relay.webhook(both) == 200
        await acme.has(1)
        await state_is(redis, "beta", "parked")
        for number in range(2, 15):
            await send(relay, "2", f"b{number}")
            await send(relay, "1", f"a{number}")
        await acme.has(14)
        assert beta.texts == []

        await beta.come_up()
        assert await lane.claim("beta")
        await beta.has(14)
        await drained(redis, "beta")

        assert acme.texts == [f"a{number}" for number in range(1, 15)]
        assert beta.texts == [f"b{number}" for number in range(1, 15)]
        assert [len(batch.events) for batch in beta.batches] == [10, 4]
        await send(relay, "2", "b15")
        await beta.has(15)
        assert beta.refused == acme.refused == []

    async def test_a_site_that_hangs_holds_up_nobody(
        self, relay: RunningRelay, acme: ReceivingSite, beta: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        await relay.register("beta", beta, "2")
        beta.silent = True
        await send(relay, "2", "b1")
        await soon(beta.asked.wait())
        for number in range(5):
            await send(relay, "1", f"a{number}")
            await send(relay, "2", f"b{number}")
        await acme.has(5)

        assert acme.texts == [f"a{number}" for number in range(5)]
        await beta.go_down()  # or the relay would wait for it when it stops

    async def test_while_one_batch_is_in_flight_the_next_one_grows(
        self, relay: RunningRelay, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        acme.silent = True
        await send(relay, "1", "first")
        await soon(acme.asked.wait())
        for number in range(20):
            await send(relay, "1", f"a{number}")
        acme.silent = False
        acme.wake()
        await acme.has(21)

        assert [len(batch.events) for batch in acme.batches] == [1, 20]
        assert acme.texts == ["first", *(f"a{number}" for number in range(20))]


def refuse_first(batch: Received) -> web.StreamResponse:
    """Take all of a batch but its first event."""
    refused = {"id": batch.events[0]["id"], "reason": "odd"}
    return web.json_response({"accepted": len(batch.events) - 1, "rejected": [refused]})


class TestRefusals:
    async def test_what_a_site_refuses_for_good_is_a_dead_letter_and_the_rest_goes_on(
        self, relay: RunningRelay, redis: Redis, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        acme.answers = [refuse_first]
        await send(relay, "1", "a", "b")
        await acme.has(2)
        await send(relay, "1", "c")
        await acme.has(3)
        await drained(redis, "acme")
        dead = await entries(redis, keys.dead("acme"))
        delivery = (await relay.admin("GET", "/sites/acme"))["delivery"]

        assert [fields[b"why"] for _, fields in dead] == [b"odd"]
        assert (delivery["delivered"], delivery["dead_letters"], delivery["waiting"]) == (2, 1, 0)

    async def test_a_site_that_is_gone_is_paused_and_everything_is_kept(
        self, relay: RunningRelay, redis: Redis, lane: Lane, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        acme.answers = [status(410)]
        await send(relay, "1", "a")
        await state_is(redis, "acme", "paused")
        await send(relay, "1", "b")
        started = await look_at_all(redis, lane)
        delivery = (await relay.admin("GET", "/sites/acme"))["delivery"]

        assert started == 0
        assert acme.texts == []
        assert (delivery["state"], delivery["waiting"]) == ("paused", 2)
        assert "410" in delivery["last_error"]

    async def test_a_paused_site_that_an_operator_resumes_gets_everything_in_order(
        self, relay: RunningRelay, redis: Redis, lane: Lane, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        acme.answers = [status(410)]
        await send(relay, "1", "a", "b")
        await state_is(redis, "acme", "paused")
        await send(relay, "1", "c")
        assert await relay.admin("POST", "/sites/acme/resume") == {"name": "acme", "was": "paused"}
        assert await look_at_all(redis, lane) == 1
        await acme.has(3)

        assert acme.texts == ["a", "b", "c"]

    async def test_a_wrong_secret_is_told_to_the_operator(
        self, relay: RunningRelay, redis: Redis, acme: ReceivingSite, beta: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        await relay.register("beta", beta)
        acme.secret = beta.secret
        await send(relay, "1", "a")
        await state_is(redis, "acme", "parked")

        assert "refused the signature" in (await relay.admin("GET", "/sites/acme"))["delivery"]["last_error"]
        assert acme.texts == []


class TestUnclaimed:
    async def test_what_waited_is_delivered_first_and_in_order_while_more_keeps_coming(
        self, relay: RunningRelay, redis: Redis, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme)
        waited = [f"before {number}" for number in range(60)]
        for start in range(0, 60, 6):
            await send(relay, "1", *waited[start : start + 6])
        came: list[str] = []
        some_came, bound = asyncio.Event(), asyncio.Event()

        async def keep_coming() -> None:
            while not bound.is_set() or len(came) < 20:
                text = f"during {len(came)}"
                await send(relay, "1", text)
                came.append(text)
                if len(came) == 5:
                    some_came.set()

        async def bind() -> None:
            await some_came.wait()
            answer = await relay.admin("PUT", "/bindings/1", {"site": "acme"})
            assert answer["waiting_events"] >= 60
            bound.set()

        await soon(asyncio.gather(keep_coming(), bind()))
        await acme.has(len(waited) + len(came))
        await drained(redis, "acme")

        assert acme.texts == waited + came
        assert await redis.xlen(keys.outbox("~1")) == 0

    async def test_without_new_messages_the_sweep_brings_what_was_moved(
        self, relay: RunningRelay, redis: Redis, lane: Lane, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme)
        await send(relay, "1", "a", "b")
        await relay.admin("PUT", "/bindings/1", {"site": "acme"})
        assert await look_at_all(redis, lane) == 1
        await acme.has(2)

        assert acme.texts == ["a", "b"]

    async def test_two_relays_that_share_a_redis_agree_on_a_binding(
        self, relay: RunningRelay, redis_url: str, tmp_path: Path, acme: ReceivingSite
    ) -> None:
        async with running_relay(redis_url, tmp_path) as other:
            await relay.register("acme", acme)
            await send(other, "1", "a")  # the other remembers the page as unclaimed
            await relay.admin("PUT", "/bindings/1", {"site": "acme"})
            await send(other, "1", "b")
            await acme.has(2)
            await relay.admin("DELETE", "/bindings/1")
            await send(other, "1", "c")
            unclaimed = (await relay.admin("GET", "/status"))["unclaimed"]

        assert acme.texts == ["a", "b"]
        assert [(page["page_id"], page["waiting"]) for page in unclaimed] == [("1", 1)]


class TestDying:
    async def test_what_a_dead_process_accepted_is_delivered_once_its_lease_ran_out(
        self, relay: RunningRelay, redis: Redis, lane: Lane, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        payload = b'{"message":{"text":"accepted, then killed"}}'
        appended = await RedisAppender(redis, clock=time.time).append(
            {"acme": [Incoming("1", "messaging", payload)]}, token="dead"
        )
        assert taken_by("acme", appended).leased
        await send(relay, "1", "later")
        assert await look_at_all(redis, lane) == 0
        assert 0 < await redis.pttl(keys.lease("acme")) <= LEASE_TTL_MS
        await redis.delete(keys.lease("acme"))  # the time passes
        assert await look_at_all(redis, lane) == 1
        await acme.has(2)

        assert acme.texts == ["accepted, then killed", "later"]

    async def test_a_batch_whose_acknowledgement_got_lost_comes_again_and_nothing_is_missing(
        self, relay: RunningRelay, redis: Redis, store: Store, lane: Lane, acme: ReceivingSite
    ) -> None:
        """As when the relay is killed between a site's answer and its own note of it."""
        await relay.register("acme", acme, "1")
        await acme.go_down()
        await send(relay, "1", "a", "b")
        await state_is(redis, "acme", "parked")
        await acme.come_up()
        assert await store.drain.claim("acme", token="killed")
        batch = await store.drain.next_batch("acme", token="killed", done=None, limits=DEFAULT_LIMITS)
        assert isinstance(batch, Batch)
        async with PushSessions() as sessions:
            await HttpPush(sessions, store.sites.get).deliver("acme", batch.entries)
        await redis.delete(keys.lease("acme"))  # the time passes
        assert await lane.claim("acme")
        await acme.has(4)

        assert acme.texts == ["a", "b", "a", "b"]
        assert acme.batches[0].message_id == acme.batches[1].message_id
        first, again = ([event["id"] for event in batch.events] for batch in acme.batches)
        assert first == again

    async def test_stopping_finishes_the_batch_in_flight_and_the_next_relay_goes_on(
        self, redis: Redis, redis_url: str, tmp_path: Path, acme: ReceivingSite
    ) -> None:
        async with running_relay(redis_url, tmp_path) as relay:
            await relay.register("acme", acme, "1")
            acme.silent = True
            await send(relay, "1", "a")
            await soon(acme.asked.wait())
            await send(relay, "1", "b")
            acme.silent = False
            asyncio.get_running_loop().call_later(0.02, acme.wake)  # while the relay is already stopping
        assert acme.texts[:1] == ["a"]
        assert not await redis.exists(keys.lease("acme"))
        async with running_relay(redis_url, tmp_path) as relay:
            await send(relay, "1", "c")
            await acme.has(3)

        assert acme.texts == ["a", "b", "c"]


class TestRedisInTrouble:
    async def test_a_full_redis_is_503_and_afterwards_everything_goes_on(
        self, relay: RunningRelay, redis: Redis, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        await send(relay, "1", "a")
        await acme.has(1)
        await redis.config_set("maxmemory", 1)
        assert await relay.webhook(facebook.messages("1", "b")) == 503
        async with relay.http.get(relay.url + "/readyz") as answer:
            assert answer.status == 503
        await redis.config_set("maxmemory", 0)
        await send(relay, "1", "b")
        await acme.has(2)

        assert acme.texts == ["a", "b"]

    async def test_a_redis_that_closed_every_connection_costs_nothing(
        self, relay: RunningRelay, redis: Redis, acme: ReceivingSite
    ) -> None:
        await relay.register("acme", acme, "1")
        await send(relay, "1", "a")
        await acme.has(1)
        await redis.client_kill_filter(_type="normal", skipme=True)
        await redis.script_flush()
        await send(relay, "1", "b")
        await acme.has(2)

        assert acme.texts == ["a", "b"]


async def test_metrics_tell_of_what_happened(relay: RunningRelay, acme: ReceivingSite) -> None:
    await relay.register("acme", acme, "1")
    await send(relay, "1", "a")
    await acme.has(1)
    async with relay.http.get(relay.url + "/metrics") as answer:
        text = await answer.text()

    assert 'relay_webhooks_total{result="accepted"}' in text
    assert 'relay_batches_total{verdict="delivered"}' in text
    assert "acme" not in text
