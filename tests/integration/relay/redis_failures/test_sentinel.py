"""A failover that Sentinel decides, for real: a master, two replicas, three Sentinels, and customers who go on writing.

Replication follows the master's answer, so a failover may lose what the old master had promised alone. A relay that
waits for a replica promises nothing of the kind (RELAY_REDIS_WAIT_REPLICAS); these tests hold it to that.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relay.adapters import redis_clients
from relay.adapters.redis_persistence import check_persistence
from relay.adapters.rq_worker import ProbeWorker, run_probe_worker
from relay.adapters.stop_event import StopEvent
from relay.core.errors import VolatileStore
from tests.support.chatter import META_GETS_ITS_ANSWER_WITHIN_S, Conversation
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import running_relay
from tests.support.rq_schedule import schedule
from tests.support.stage import stage
from tests.support.topologies import Watched, watched
from tests.support.waiting import process_did, process_does


@pytest.fixture
def service() -> Iterator[Watched]:
    with watched() as service:
        yield service


async def test_a_master_that_dies_is_followed_to_its_replica_and_nothing_promised_is_lost(
    service: Watched, tmp_path: Path
) -> None:
    async with stage(service.url, tmp_path, redis_wait_replicas=1) as play:
        async with play.chatting() as chat:
            service.master.kill()
            await chat.refused()
            await chat.accepted(5)
            assert await play.is_ready()
            service.master.start()  # it comes back as a replica, and nobody may take it for the master
            await chat.accepted(20)
        await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S
    assert service.master_port() != service.master.port


async def test_a_master_that_hangs_is_left_and_fools_nobody_when_it_comes_to(service: Watched, tmp_path: Path) -> None:
    """It still thinks that it is the master, and would take events that nobody would ever see again."""
    async with (
        stage(service.url, tmp_path, redis_wait_replicas=1) as play,
        running_relay(service.url, tmp_path, redis_wait_replicas=1) as other,
    ):
        unaware = Conversation(other, "1")
        assert await unaware.offer("other-before") == 200
        async with play.chatting() as chat:
            service.master.freeze()
            await asyncio.to_thread(service.failed_over)
            await chat.accepted(5)
            service.master.thaw()
            while await unaware.offer("other-after") != 200:
                assert unaware.refusals[-1] == 503
            await chat.accepted(20)
        await chat.delivered(play.sites)
        await process_does(lambda: has(play.sites["1"], "other-before", "other-after"))

    assert chat.refusals == {503}
    assert max(chat.slowest_s, unaware.slowest_s) < META_GETS_ITS_ANSWER_WITHIN_S


async def has(site: ReceivingSite, *texts: str) -> bool:
    return set(texts) <= set(site.texts)


@pytest.fixture(scope="module")
def kept() -> Iterator[Watched]:
    """Start one for those who leave it as they found it."""
    with watched() as service:
        yield service


@pytest.mark.xdist_group("one service for all of this class")
class TestWithoutAFailover:
    @pytest.fixture
    def service(self, kept: Watched) -> Watched:
        with kept.master.client as client:
            client.flushall()
        return kept

    async def test_the_start_looks_at_the_replicas_too_as_one_of_them_is_the_next_master(
        self, service: Watched
    ) -> None:
        await check_persistence(service.url, allow_volatile=False)
        first, _ = service.replicas
        with first.client as client:
            client.config_set("appendonly", "no")
            with pytest.raises(VolatileStore, match=rf":{first.port}: `appendonly` is not `yes`"):
                await check_persistence(service.url, allow_volatile=False)
            client.config_set("appendonly", "yes")
        first.freeze()
        with capture_logs() as logs:
            await check_persistence(service.url, allow_volatile=False)
        first.thaw()

        unchecked = [line["server"] for line in logs if line["event"] == "redis_replica_unchecked"]
        assert unchecked in ([f"127.0.0.1:{first.port}"], [])  # the Sentinels may have left it out already

    async def test_sentinels_that_are_dead_or_hang_are_passed_over(self, service: Watched, tmp_path: Path) -> None:
        first, second, _ = service.sentinels
        first.kill()
        second.freeze()
        async with stage(service.url, tmp_path, sites=1) as play:
            conversation = Conversation(play.relay, "1")
            assert await conversation.offer("1-0") == 200
        second.thaw()
        first.start()

        assert conversation.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S

    async def test_a_master_without_its_replicas_promises_nothing(self, service: Watched, tmp_path: Path) -> None:
        async with stage(service.url, tmp_path, sites=1, redis_wait_replicas=1) as play:
            for each in service.replicas:
                each.freeze()
            conversation = Conversation(play.relay, "1")
            assert await conversation.offer("1-0") == 503
            assert not await play.is_ready()
            for each in service.replicas:
                each.thaw()
            assert await conversation.offer("1-0") == 200
            assert await play.is_ready()


def test_the_retry_lane_follows_a_master_that_hangs_for_good(service: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """RQ sits in a call of the old master then, where it would sit for seven minutes."""
    monkeypatch.setattr(ProbeWorker, "dequeue_timeout", 1)
    monkeypatch.setattr(ProbeWorker, "connection_timeout", 2)
    woken: list[str] = []
    stop = StopEvent()

    def wake(site: str) -> None:
        woken.append(site)
        os.kill(os.getpid(), signal.SIGTERM)

    def works() -> bool:
        with service.master.client as client:
            return bool(client.exists("rq:workers"))

    def fail_over() -> None:
        process_did(works)
        service.master.freeze()
        service.failed_over()
        schedule(service.url, "acme")

    deadline = threading.Timer(45, os.kill, (os.getpid(), signal.SIGTERM))
    sentinel = threading.Thread(target=fail_over)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    deadline.start()
    sentinel.start()
    try:
        run_probe_worker(lambda: redis_clients.open_sync(service.url), wake=wake, stop=stop)
    finally:
        deadline.cancel()
        sentinel.join()
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert woken == ["acme"]
