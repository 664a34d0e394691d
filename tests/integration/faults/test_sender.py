"""The sender against a real server: what gets no 200 is sent again, who waits for whom, and what is written down."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
from aiohttp import web

from shared.runtime import listening
from tests.faults.plan import Body, Conversation, PagePlan, Part, Plan, SitePlan
from tests.faults.run.sender import Sender
from tests.faults.times import Times
from tests.support import facebook
from tests.support.waiting import soon

PAGE = "1122"


class Relay:
    """Takes webhooks, and answers as a test has it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status_of: Callable[[int], int] = lambda _number: 200
        """Called with how many bodies came before."""
        self.hold = asyncio.Event()
        self.hold.set()
        self.url = ""

    @property
    def texts(self) -> list[str]:
        """What the bodies say, in the order in which they came."""
        return [body.decode().partition('"text":"')[2].partition('"')[0] for body in self.bodies]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert request.headers["X-Hub-Signature-256"] == facebook.signed(body)["X-Hub-Signature-256"]
        number = len(self.bodies)
        self.bodies.append(body)
        await self.hold.wait()
        return web.Response(status=self.status_of(number))


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay()
    app = web.Application()
    app.router.add_post("/facebook/webhook", relay.receive)
    async with listening(app, host="127.0.0.1", port=0) as port:
        relay.url = f"http://127.0.0.1:{port}"
        yield relay


def plan(*bodies: Body, patient: bool) -> Plan:
    return Plan(
        seed=7,
        size="small",
        seconds=1.0,
        times=Times(),
        relays=1,
        workers=0,
        processes=1,
        sites=(SitePlan("acme", real=False),),
        pages=(PagePlan(PAGE, "acme"),),
        conversations=(Conversation("c", PAGE, "9001", patient),),
        bodies=bodies,
        steps=(),
    )


def one_by_one(count: int, *, patient: bool) -> Plan:
    """Write bodies of one event each, all due at once."""
    return plan(*(Body(0.0, (Part("c", number, 1),)) for number in range(count)), patient=patient)


async def test_what_gets_no_200_is_sent_again_as_it_was_until_it_does(relay: Relay) -> None:
    relay.status_of = lambda number: 200 if number == 2 else 503
    sender = Sender(one_by_one(1, patient=True), [relay.url])
    await soon(sender.run(time.monotonic()))
    (event,) = sender.sent()

    assert len(set(relay.bodies)) == 1
    assert event.attempts == len(relay.bodies) == 3
    assert event.acknowledged_at is not None
    assert event.first_sent_at < event.acknowledged_at
    assert (event.mid, event.page, event.place) == ("m_7.c.0", PAGE, 0)


async def test_a_patient_conversation_goes_on_only_after_the_200(relay: Relay) -> None:
    relay.status_of = lambda number: 200 if number % 3 == 2 else 500
    sender = Sender(one_by_one(3, patient=True), [relay.url])
    await soon(sender.run(time.monotonic()))
    sent = sender.sent()

    assert relay.texts == ["text 0"] * 3 + ["text 1"] * 3 + ["text 2"] * 3
    assert all(
        one.acknowledged_at is not None and one.acknowledged_at <= other.first_sent_at for one, other in pairwise(sent)
    )


async def test_an_impatient_one_does_not_wait(relay: Relay) -> None:
    relay.hold.clear()
    sender = Sender(one_by_one(3, patient=False), [relay.url])
    running = asyncio.ensure_future(sender.run(time.monotonic()))
    async with asyncio.timeout(10):
        while len(relay.bodies) < 3:  # noqa: ASYNC110  nobody sets an event when the last of them has come
            await asyncio.sleep(0.01)
    relay.hold.set()
    await soon(running)

    assert sorted(relay.texts) == ["text 0", "text 1", "text 2"]


async def test_the_next_attempt_goes_to_the_next_relay(relay: Relay) -> None:
    nobody = "http://127.0.0.1:1"
    sender = Sender(one_by_one(2, patient=True), [nobody, relay.url])
    await soon(sender.run(time.monotonic()))

    assert [event.attempts for event in sender.sent()] == [2, 1]


async def test_a_body_carries_its_events_in_their_order(relay: Relay) -> None:
    sender = Sender(plan(Body(0.0, (Part("c", 0, 2), Part("c", 2, 1))), patient=True), [relay.url])
    await soon(sender.run(time.monotonic()))

    assert [(event.mid, event.place) for event in sender.sent()] == [("m_7.c.0", 0), ("m_7.c.1", 1), ("m_7.c.2", 2)]
    mids = [part.partition('"')[0] for part in relay.bodies[0].decode().split('"mid":"')[1:]]
    assert mids == ["m_7.c.0", "m_7.c.1", "m_7.c.2"]


async def test_what_was_never_sent_is_not_told(relay: Relay) -> None:
    sender = Sender(one_by_one(2, patient=True), [relay.url])
    relay.hold.clear()
    running = asyncio.ensure_future(sender.run(time.monotonic()))
    async with asyncio.timeout(10):
        while not relay.bodies:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    relay.hold.set()

    assert [(event.mid, event.acknowledged_at) for event in sender.sent()] == [("m_7.c.0", None)]
