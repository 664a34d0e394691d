"""A whole relay whose outbox overflows: what goes, what stays, and that everybody is told; then an operator at work."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from relay.bootstrap.parts import open_lane, open_store
from relay.core import keys
from shared.clock import iso_ms
from tests.support import facebook
from tests.support.logs import written_logs
from tests.support.receiving_site import ReceivingSite, status
from tests.support.relay import RunningRelay, relay_settings, running_relay
from tests.support.streams import payloads_in
from tests.support.waiting import process_does

MOST = 1000
READ = {"sender": {"id": "9"}, "recipient": {"id": "22"}, "timestamp": 1, "read": {"watermark": 1}}


@pytest.fixture
async def relay(redis_url: str, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    async with running_relay(redis_url, tmp_path, outbox_max_events=MOST) as relay:
        yield relay


@pytest.fixture
async def acme() -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        yield site


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["payload"]["message"]["text"] for event in events]


async def drain(redis_url: str, data_dir: Path, site: str) -> None:
    """Have a worker drain a site to the end."""
    async with open_store(relay_settings(data_dir), redis_url) as store, open_lane(store) as lane:
        await lane.claim(site)

        async def drained() -> bool:
            return not await store.redis.xlen(keys.outbox(site))

        await process_does(drained)


async def test_a_paused_site_loses_receipts_then_its_oldest_events_and_gets_the_rest_in_order(
    relay: RunningRelay, acme: ReceivingSite, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    await relay.register("acme", acme, "22")
    await relay.admin("POST", "/sites/acme/pause", {"reason": "moves"})
    with written_logs() as logs:
        for start in range(0, 1100, 100):
            body = facebook.messages("22", *map(str, range(start, start + 100)))
            assert await relay.webhook(body) == 200
            assert await relay.webhook(facebook.body(facebook.entry("22", READ))) == 200
    delivery = (await relay.admin("GET", "/sites/acme"))["delivery"]
    lost = {loss["reason"]: loss["count"] for loss in delivery["losses"]}
    kept = [json.loads(item) for item in await payloads_in(redis, keys.outbox("acme"))]
    receipts = sum("read" in item for item in kept)

    assert delivery["waiting"] == MOST
    assert lost["overflow_events"] + lost["receipts"] + MOST == 1100 + 11
    assert lost["receipts"] in {3, 4}  # from 80 % on, as the appends fell
    assert [item["message"]["text"] for item in kept if "message" in item] == [
        str(number) for number in range(1100 - MOST + receipts, 1100)
    ]
    told = [(line["level"], line["reason"]) for line in logs.lines if line["event"] == "events_lost"]
    assert set(told) == {("error", "overflow_events"), ("warning", "receipts")}
    assert "moves" not in "".join(line["event"] for line in logs.lines)
    async with relay.http.get(relay.url + "/metrics") as answer:
        assert 'relay_events_lost_total{reason="overflow_events"}' in await answer.text()

    await relay.admin("POST", "/sites/acme/resume")
    await drain(redis_url, tmp_path, "acme")

    delivered = [event["payload"] for batch in acme.batches for event in batch.events]
    assert delivered == kept
    assert await redis.hget(keys.delivery("acme"), "waiting_bytes") == b"0"


async def test_the_one_event_that_blocks_a_site_is_set_aside_by_its_id_and_replayed_when_the_site_is_mended(
    relay: RunningRelay, acme: ReceivingSite, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    await relay.register("acme", acme, "22")
    acme.answers = [status(500), status(500)]
    await relay.webhook(facebook.messages("22", "poison", "a", "b"))

    async def parked() -> bool:
        return await redis.hget(keys.delivery("acme"), "state") == b"parked"

    await process_does(parked)
    first = (await relay.admin("GET", "/sites/acme"))["delivery"]["oldest_id"]
    step = await relay.admin("POST", "/outboxes/acme/set-aside", {"id": first, "reason": "a filter dislikes it"})
    assert (step["chosen"], step["in_flight"]) == (1, 0)
    acme.answers = []
    acme.batches.clear()
    await drain(redis_url, tmp_path, "acme")
    assert texts([event for batch in acme.batches for event in batch.events]) == ["a", "b"]
    replayed = await relay.admin("POST", "/outboxes/acme/replay", {})
    await drain(redis_url, tmp_path, "acme")

    assert replayed["chosen"] == 1
    assert texts(acme.batches[-1].events) == ["poison"]
    assert acme.batches[-1].events[0]["received_at"] == iso_ms(int(first.partition("-")[0]))
    assert await redis.xlen(keys.dead("acme")) == 0
