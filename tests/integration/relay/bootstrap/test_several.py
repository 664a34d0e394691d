"""`relay serve --processes N` as processes: one port, one work, one set of metrics; deaths outlived, ends in order."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import psutil
import pytest
from redis.asyncio import Redis

from relay.core import keys
from tests.support import facebook
from tests.support.processes import RelayProcess, relay_environment
from tests.support.waiting import process_did, process_does
from tests.world.ports import free_port

PROCESSES = 3
WEBHOOKS = 60


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def relay(tmp_path: Path, redis_url: str, port: int) -> Iterator[RelayProcess]:
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url, RELAY_PORT=str(port), TMPDIR=str(tmp_path))
    args = ("serve", "--allow-volatile", "--processes", str(PROCESSES))
    with RelayProcess(*args, env=env, log=tmp_path / "relay.log") as relay:
        relay.logged("relay_serves", times=1 + PROCESSES)
        yield relay


async def post(port: int, text: str) -> int:
    """Send one webhook on a connection of its own; returns the status of the answer."""
    body = facebook.messages("1122", text)
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://127.0.0.1:{port}/facebook/webhook", data=body, headers=facebook.signed(body)) as answer,
    ):
        return answer.status


async def metric(port: int, name: str) -> float:
    url = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def children(relay: RelayProcess) -> list[psutil.Process]:
    return relay.process.children()


async def test_they_share_the_port_and_whoever_is_asked_tells_the_metrics_of_all(
    relay: RelayProcess, redis: Redis, port: int
) -> None:
    first = [await post(port, f"text {number}") for number in range(WEBHOOKS)]
    killed = children(relay)[0]
    killed.send_signal(signal.SIGKILL)
    await asyncio.to_thread(relay.logged, "relay_serves", 2 + PROCESSES)
    second = [await post(port, f"text {number}") for number in range(WEBHOOKS)]

    assert {*first, *second} == {200}
    assert await redis.xlen(keys.outbox("~1122")) == 2 * WEBHOOKS
    assert await metric(port, "relay_events_accepted_total") == 2 * WEBHOOKS
    assert await metric(port, "relay_unclaimed_events") == 2 * WEBHOOKS
    assert killed.pid not in [child.pid for child in children(relay)]
    assert len(children(relay)) == PROCESSES


async def test_asked_to_stop_it_takes_no_connection_any_more_and_ends_them_all(relay: RelayProcess, port: int) -> None:
    left = children(relay)
    relay.terminate()

    assert await asyncio.to_thread(relay.ended) == 0
    process_did(lambda: not any(child.is_running() for child in left))
    with closing(socket.socket()) as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0
    stops = [line for line in relay.lines if line["event"] == "relay_stops"]
    assert len(stops) == 1 + PROCESSES
    assert not list(relay.log.parent.glob("relay-metrics-*"))


async def test_killed_it_takes_its_children_with_it(relay: RelayProcess) -> None:
    left = children(relay)
    relay.process.kill()
    await asyncio.to_thread(relay.ended)

    process_did(lambda: not any(child.is_running() for child in left), within_s=30)


async def test_while_all_of_them_are_dead_connections_wait_for_the_next(relay: RelayProcess, port: int) -> None:
    for child in children(relay):
        child.send_signal(signal.SIGKILL)

    async with asyncio.timeout(30):
        assert await post(port, "asked while nobody was there") == 200


def test_a_port_in_use_is_one_sentence(tmp_path: Path, redis_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url, RELAY_PORT=str(port), RELAY_PROCESSES="2")
        with RelayProcess("serve", "--allow-volatile", env=env, log=tmp_path / "relay.log") as relay:
            assert relay.ended() == 1

    assert f"relay: port {port} on 127.0.0.1 is in use by another program" in relay.log.read_text()
    assert "Traceback" not in relay.log.read_text()


async def test_relay_run_has_them_too_beside_its_worker_and_counts_all_of_them_together(
    tmp_path: Path, port: int
) -> None:
    env = relay_environment(tmp_path / "data", RELAY_PORT=str(port), RELAY_PROCESSES="2")
    with RelayProcess("run", env=env, log=tmp_path / "relay.log") as relay:
        await asyncio.to_thread(relay.logged, "relay_serves", 3)
        await asyncio.to_thread(relay.logged, "worker_serves")
        assert len(children(relay)) == 4  # Redis and the worker
        assert {await post(port, f"text {number}") for number in range(10)} == {200}

        async def counted() -> bool:
            return await metric(port, "relay_events_accepted_total") == 10

        await process_does(counted)
        relay.terminate()
        assert await asyncio.to_thread(relay.ended) == 0
