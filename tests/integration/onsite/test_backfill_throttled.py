"""A backfill that Facebook throttles in the middle waits as long as it is told, also over a restart, and goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest
from pydantic import SecretStr

from onsite.adapters.graph_client import GraphClient
from onsite.adapters.graph_conversations import GraphConversations
from onsite.core.facebook.translate import translate_item
from onsite.core.gap import Span
from onsite.core.telegram.translate import translate_update, update_id_of
from onsite.engine.backfills import Backfills
from onsite.engine.bell import Bell
from onsite.engine.channels import Credentials
from onsite.engine.gap_reader import GapReader
from onsite.engine.gaps import GapState, GapView
from onsite.engine.inbox import Inbox
from onsite.engine.metrics import Metrics
from onsite.engine.pace import Pace
from shared.exchange import new_platform_session
from shared.tasks import Supervisor
from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN
from tests.integration.onsite.store import PAGE, Store, on_both_databases
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.ledger import Call
from tests.support.waiting import soon, turn_over

PEOPLE = [str(9001 + number) for number in range(4)]
REGAIN_MIN = 19

pytestmark = on_both_databases


@dataclass(frozen=True)
class Process:
    """What of a site reads gaps, from its start to its end."""

    backfills: Backfills
    supervisor: Supervisor

    async def read(self) -> None:
        """Wait until its tasks have come to their ends."""
        await soon(asyncio.wait(self.supervisor._tasks.values()))


NewProcess = Callable[[], Process]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def graph(clock: ManualClock) -> AsyncIterator[GraphSimulator]:
    """Have a page on which four people wrote, of which nothing got through."""
    async with GraphSimulator(clock=clock) as simulator:
        simulator.add_page(PAGE_ID, name="Acme", token=PAGE_TOKEN)
        simulator.service.conversations.pace.per_s = None
        simulator.callback_url = "http://127.0.0.1:1/webhook"
        for psid in PEOPLE:
            simulator.add_person(page_id=PAGE_ID, psid=psid, name=f"Person {psid}")
            await simulator.customer_says(PAGE_ID, psid, "hello")
        clock.advance(60)
        yield simulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_platform_session() as http:
        yield http


@pytest.fixture
async def new_process(
    store: Store, graph: GraphSimulator, clock: ManualClock, http: aiohttp.ClientSession
) -> AsyncIterator[NewProcess]:
    await store.channels.save_channel(PAGE, name="Acme", credentials=Credentials(SecretStr(PAGE_TOKEN)))
    inbox = Inbox(
        store.inbox,
        translate_item=translate_item,
        translate_update=translate_update,
        update_id_of=update_id_of,
        bell=Bell(),
        metrics=Metrics(),
        clock=clock,
    )
    started: list[Supervisor] = []

    def start() -> Process:
        supervisor = Supervisor()
        started.append(supervisor)
        reading = GraphConversations(GraphClient(http, base_url=graph.url))
        pace = Pace(1e9, monotonic=clock, sleep=asyncio.sleep)
        reader = GapReader(store.gaps, reading, inbox, pace, clock=clock)
        backfills = Backfills(
            store.gaps, store.channels, reader, supervisor, clock=clock, sleep=clock.sleep, jitter=lambda: 0.0
        )
        return Process(backfills, supervisor)

    yield start
    for supervisor in started:
        await supervisor.close()


async def asked(process: Process, clock: ManualClock) -> int:
    """Ask for the last hour; returns the backfill's number."""
    now_ms = int(clock() * 1000)
    return (await process.backfills.ask(PAGE_ID, Span(now_ms - 3_600_000, now_ms))).id


async def throttled(graph: GraphSimulator, process: Process, clock: ManualClock) -> int:
    """Let a backfill be throttled after one thread was read; returns its number."""
    may_go_on = asyncio.Event()
    seen: list[Call] = []
    met = asyncio.Event()

    def is_second_thread(call: Call) -> bool:
        seen.extend([call] if "/t_" in call.path else [])
        if len(seen) == 2:
            met.set()
        return len(seen) == 2

    graph.faults.add(is_second_thread, hold=may_go_on)
    backfill = await asked(process, clock)
    await soon(met.wait())
    graph.usage.set_page(PAGE_ID, 100, regain_min=REGAIN_MIN)
    may_go_on.set()
    await clock.wait_for_sleeper()
    return backfill


async def view(store: Store, backfill: int) -> GapView:
    return await store.gaps.view(backfill)


def threads_asked(graph: GraphSimulator) -> list[str]:
    """Return the threads that were asked for and told, in order."""
    return [call.path for call in graph.ledger if "/t_" in call.path and call.status == 200]


async def test_it_waits_as_long_as_facebook_says_and_goes_on_with_the_threads_that_are_left(
    store: Store, graph: GraphSimulator, clock: ManualClock, new_process: NewProcess
) -> None:
    process = new_process()
    backfill = await throttled(graph, process, clock)
    waiting, calls = await view(store, backfill), len(graph.ledger)

    assert (waiting.gap.state, waiting.read, waiting.threads) == (GapState.WAITING, 1, len(PEOPLE))
    assert "asks for a pause" in waiting.gap.sentence
    assert waiting.gap.not_before_ms == int(clock() * 1000) + REGAIN_MIN * 60_000
    clock.advance(REGAIN_MIN * 60 - 1)
    await turn_over()
    assert len(graph.ledger) == calls, "calling on would prolong it"

    graph.usage.set_page(PAGE_ID, None)
    clock.advance(1)
    await process.read()
    done = await view(store, backfill)
    assert (done.gap.state, done.found, done.gap.sentence) == (GapState.DONE, len(PEOPLE), "")
    assert sorted(threads_asked(graph)) == sorted(set(threads_asked(graph))), "none is read twice"
    assert (await store.counts())["messages"] == len(PEOPLE)


async def test_a_site_that_is_started_again_meanwhile_waits_for_the_rest_of_the_pause(
    store: Store, graph: GraphSimulator, clock: ManualClock, new_process: NewProcess
) -> None:
    first = new_process()
    backfill = await throttled(graph, first, clock)
    await first.supervisor.close()
    calls = len(graph.ledger)
    clock.advance(REGAIN_MIN * 60 - 10)
    second = new_process()
    await second.backfills.start_all()
    await clock.wait_for_sleeper()
    assert len(graph.ledger) == calls, "the new process knows of the pause"

    graph.usage.set_page(PAGE_ID, None)
    clock.advance(10)
    await second.read()
    done = await view(store, backfill)
    assert (done.gap.state, done.found) == (GapState.DONE, len(PEOPLE))
    assert sorted(threads_asked(graph)) == sorted(set(threads_asked(graph)))


async def test_asking_again_meanwhile_does_not_end_the_pause(
    store: Store, graph: GraphSimulator, clock: ManualClock, new_process: NewProcess
) -> None:
    process = new_process()
    backfill = await throttled(graph, process, clock)
    calls = len(graph.ledger)
    now_ms = int(clock() * 1000)
    whole = await process.backfills.ask(PAGE_ID, Span(now_ms - 7_200_000, now_ms))
    await turn_over()

    assert whole.id != backfill
    assert len(graph.ledger) == calls
    graph.usage.set_page(PAGE_ID, None)
    clock.advance(REGAIN_MIN * 60)
    await process.read()
    assert (await view(store, whole.id)).gap.state is GapState.DONE


@pytest.mark.parametrize("name", ["page_throttled", "app_throttled"])
async def test_without_a_word_of_how_long_it_waits_a_minute(
    store: Store, graph: GraphSimulator, clock: ManualClock, new_process: NewProcess, name: str
) -> None:
    process = new_process()
    graph.refuse(name, page_id=PAGE_ID)
    backfill = await asked(process, clock)
    await clock.wait_for_sleeper()

    assert (await view(store, backfill)).gap.not_before_ms == int(clock() * 1000) + 60_000
    clock.advance(60)
    await process.read()
    assert (await view(store, backfill)).found == len(PEOPLE)


async def test_a_pause_of_more_than_a_day_is_a_clock_that_jumped_back(
    store: Store, graph: GraphSimulator, clock: ManualClock, new_process: NewProcess
) -> None:
    process = new_process()
    backfill = await throttled(graph, process, clock)
    await process.supervisor.close()
    graph.usage.set_page(PAGE_ID, None)
    clock.advance(-30 * 86_400)
    again = new_process()
    await again.backfills.start_all()
    await again.read()

    assert (await view(store, backfill)).gap.state is GapState.DONE


async def test_old_backfills_are_forgotten_when_a_site_starts_and_when_one_ends(
    store: Store, graph: GraphSimulator, clock: ManualClock, new_process: NewProcess
) -> None:
    first = new_process()
    old = await asked(first, clock)
    await first.read()
    assert (await view(store, old)).gap.ended_at_ms == int(clock() * 1000)
    assert [each.gap.id for each in await first.backfills.of_interest(9)] == [old]

    clock.advance(8 * 86_400)
    assert await first.backfills.of_interest(9) == []
    assert [each.gap.id for each in await store.gaps.views(limit=9)] == [old]

    clock.advance(23 * 86_400)
    await new_process().backfills.start_all()
    assert await store.counts() | {"gaps": 0, "gap_threads": 0} == await store.counts()
