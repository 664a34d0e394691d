"""What both simulators share: the ledger's memory, and the faults that can be put in a call's way."""

import asyncio

import aiohttp
import pytest

from tests.simulators.clock import ManualClock
from tests.simulators.faults import GARBAGE
from tests.simulators.graph import GraphSimulator

ME = "/v26.0/me"


async def ask(http: aiohttp.ClientSession, sim: GraphSimulator) -> tuple[int, bytes]:
    async with http.get(sim.url + ME, params={"access_token": "EAAtoken"}) as answer:
        return answer.status, await answer.read()


async def send(http: aiohttp.ClientSession, sim: GraphSimulator) -> int:
    body = {"recipient": {"id": "9001"}, "messaging_type": "RESPONSE", "message": {"text": "secret text"}}
    async with http.post(f"{sim.url}/v26.0/me/messages", json=body | {"access_token": "EAAtoken"}) as answer:
        return answer.status


@pytest.fixture
def open_window(graph: GraphSimulator, clock: ManualClock) -> GraphSimulator:
    graph.world.note_event("1122", {"sender": {"id": "9001"}, "postback": {}}, clock())
    return graph


async def test_a_call_is_remembered_with_who_when_what_and_its_outcome(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    async with http.get(graph.url + ME, params={"access_token": "EAAtoken", "fields": "name", "colour": "red"}):
        pass

    (call,) = graph.ledger.calls("node", "GET")
    assert (call.path, call.at, call.peer[0]) == (ME, clock(), "127.0.0.1")
    assert (call.params, call.ignored) == ({"fields": "name", "colour": "red"}, ("colour",))
    assert (call.effect, call.status, call.answer, call.finished) == (True, 200, {"name": "Acme", "id": "1122"}, True)
    assert call.token == "EAAtoken"


async def test_a_printed_call_shows_neither_token_nor_text(
    open_window: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    await send(http, open_window)

    printed = repr(open_window.ledger.calls())
    assert "EAAtoken" not in printed
    assert "secret text" not in printed


async def test_waiting_ends_with_the_call_that_fits(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    waiting = asyncio.create_task(graph.ledger.wait_for(lambda call: call.name == "node"))

    await ask(http, graph)

    assert (await waiting).status == 200


async def test_waiting_looks_at_calls_that_came_before(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    await ask(http, graph)

    assert (await graph.ledger.wait_for(lambda call: call.name == "node")).status == 200


async def test_waiting_in_vain_tells_what_was_seen(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    await ask(http, graph)

    with pytest.raises(TimeoutError, match=r"0 of 1 awaited calls .* seen: 1 x GET node 200"):
        await graph.ledger.wait_for(lambda call: call.name == "messages", timeout_s=0.01)


async def test_a_running_call_can_be_waited_for(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    hold = graph.faults.hold("node")
    asking = asyncio.create_task(ask(http, graph))

    call = await graph.ledger.wait_for(lambda call: call.name == "node", running=True)

    assert (call.effect, call.finished) == (None, False)
    hold.set()
    await asking
    assert (call.effect, call.finished) == (True, True)


async def test_a_dropped_connection_means_that_nothing_happened(
    open_window: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    open_window.faults.drop("messages")

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(http, open_window)

    call = await open_window.ledger.wait_for(lambda call: call.name == "messages")
    assert (call.effect, call.status, call.faulted) == (False, None, True)
    assert open_window.sent == []


async def test_a_lost_answer_means_that_it_happened_all_the_same(
    open_window: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    open_window.faults.lose_answer("messages")

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(http, open_window)

    call = await open_window.ledger.wait_for(lambda call: call.name == "messages")
    assert (call.effect, call.status, call.faulted) == (True, None, True)
    assert [said.text for said in open_window.sent] == ["secret text"]


async def test_a_held_answer_comes_when_the_test_says_so(
    open_window: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    hold = open_window.faults.hold("messages", after_effect=True)
    sending = asyncio.create_task(send(http, open_window))
    await open_window.ledger.wait_for(lambda call: call.effect is True, running=True)
    assert not sending.done()

    hold.set()

    assert await sending == 200


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_front_end_page_replaces_the_answer(
    open_window: GraphSimulator, http: aiohttp.ClientSession, *, after_effect: bool
) -> None:
    open_window.faults.bad_gateway("messages", after_effect=after_effect)

    assert await send(http, open_window) == 502
    assert len(open_window.sent) == int(after_effect)


async def test_a_garbled_answer_is_no_json(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.faults.garble("node")

    assert await ask(http, graph) == (200, GARBAGE)


async def test_a_fault_meets_as_many_calls_as_it_was_told(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    fault = graph.faults.add(lambda call: call.path == ME, status=503, body={"error": {}}, times=2)

    answers = [(await ask(http, graph))[0] for _ in range(3)]

    assert (answers, fault.met) == ([503, 503, 200], 2)


async def test_a_removed_fault_meets_nobody(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    fault = graph.faults.add(None, status=503, times=None)
    assert (await ask(http, graph))[0] == 503

    graph.faults.remove(fault)

    assert (await ask(http, graph))[0] == 200


async def test_a_fault_that_would_do_nothing_is_refused(graph: GraphSimulator) -> None:
    with pytest.raises(ValueError, match="a fault holds the call"):
        graph.faults.add("node")


async def test_closing_releases_held_calls_and_the_state_survives_on_the_same_port(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.faults.hold("node")
    asking = asyncio.create_task(ask(http, graph))
    await graph.ledger.wait_for(lambda call: call.name == "node", running=True)
    port = graph.port

    await graph.close()
    assert (await asking)[0] == 200
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask(http, graph)
    await graph.start(port=port)

    assert (await ask(http, graph))[0] == 200
