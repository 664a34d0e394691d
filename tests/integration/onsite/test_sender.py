"""The sender over a real outbox: in order, side by side, honest about what it does not know."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from onsite.core.model import Platform
from onsite.core.sending import Lost, Postponed, Refused, SendState, Sent
from onsite.engine.attempt import Attempt
from onsite.engine.attempts import LONGEST_PAUSE_S, MAX_ATTEMPTS, PAUSES_S
from onsite.engine.bell import Bell
from onsite.engine.channels import ChannelState, Credentials
from onsite.engine.errors import StoreUnavailable
from onsite.engine.metrics import Metrics
from onsite.engine.sender import PER_CHANNEL, Sender
from onsite.engine.settling import SETTLED
from shared.tasks import Supervisor
from tests.integration.onsite.fakes import DEADLINE_S, FakeCourier, SteeredTime
from tests.integration.onsite.store import BOT, PAGE, Store, echo, event, said


class Office:
    """A running sender with everything around it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.time = SteeredTime()
        self.facebook, self.telegram = FakeCourier(), FakeCourier()
        self.bell = Bell()
        attempt = Attempt(
            store.outbox,
            store.channels,
            {Platform.FACEBOOK: self.facebook, Platform.TELEGRAM: self.telegram},
            bell=self.bell,
            metrics=Metrics(),
            clock=self.time.clock,
            sleep=self.time.sleep,
        )
        self.sender = Sender(store.outbox, attempt, clock=self.time.clock, sleep=self.time.sleep)

    async def write(self, text: str, *, conversation_id: int = 1) -> int:
        """Queue a reply, and tell the sender."""
        message_id = await self.store.reply(text, correlation=f"c-{text}", conversation_id=conversation_id)
        self.sender.wake()
        return message_id

    async def rests(self, seconds: float) -> None:
        """Wait until the sender sleeps for so long, and nothing is left that would wake it before.

        While it is yet to be woken, it has still to look at the clock: moved now, the clock would have it sleep longer.
        """
        await self.time.asleep(seconds)
        while self.sender._under_way or self.sender._wake.is_set():
            await self.time.somebody_falls_asleep()
            await self.time.asleep(seconds)

    async def comes_to(self, message_id: int, *states: SendState) -> SendState:
        """Wait until a reply is in one of the states, by default in a settled one."""
        message = await self.bell.wait_for(
            lambda: self.store.reader.message(message_id),
            until=lambda seen: seen.state in (states or SETTLED),
            timeout_s=DEADLINE_S,
        )
        assert message.state is not None
        return message.state


@pytest.fixture
async def office(store: Store) -> AsyncIterator[Office]:
    """Have conversations 1 and 2 on the page, 3 on the bot, and both channels with tokens."""
    await store.channels.save_channel(PAGE, name="", credentials=Credentials(SecretStr("EAApage")))
    await store.channels.save_channel(BOT, name="", credentials=Credentials(SecretStr("987654:bot")))
    await store.take(event("e1", said("m1")))
    await store.take(event("e2", said("m2", who="psid-2")))
    await store.take(event("e3", said("m3", who="chat-3"), channel=BOT))
    office = Office(store)
    supervisor = Supervisor()
    supervisor.start("sender", office.sender.run)
    yield office
    await supervisor.close()
    await office.sender.drain(0)


async def test_a_reply_is_sent_as_soon_as_it_is_written(office: Office) -> None:
    message_id = await office.write("hello")

    assert await office.comes_to(message_id) is SendState.SENT
    message = await office.store.reader.message(message_id)
    assert (message.key, message.sent_at_ms) == (f"mid-{message_id}", 1_000_000)
    assert office.facebook.sent == ["hello"]


async def test_it_is_written_down_as_on_its_way_before_the_request_leaves(office: Office) -> None:
    release = office.facebook.hold("hello")
    message_id = await office.write("hello")
    await office.facebook.began(1)

    assert await office.store.state(message_id) is SendState.SENDING
    release.set()
    assert await office.comes_to(message_id) is SendState.SENT


async def test_replies_of_one_conversation_go_one_after_the_other_in_order(office: Office) -> None:
    release = office.facebook.hold("one")
    first, second, third = [await office.write(text) for text in ("one", "two", "three")]
    await office.facebook.began(1)
    assert await office.store.state(second) is SendState.QUEUED

    release.set()

    for message_id in (first, second, third):
        assert await office.comes_to(message_id) is SendState.SENT
    assert office.facebook.sent == ["one", "two", "three"]
    assert office.facebook.most_under_way == 1


async def test_a_call_that_hangs_delays_neither_another_conversation_nor_another_channel(office: Office) -> None:
    office.facebook.hold("hangs")
    stuck = await office.write("hangs")
    await office.facebook.began(1)

    others = [await office.write("same page", conversation_id=2), await office.write("bot", conversation_id=3)]

    for message_id in others:
        assert await office.comes_to(message_id) is SendState.SENT
    assert await office.store.state(stuck) is SendState.SENDING


async def test_a_page_whose_every_call_hangs_leaves_the_bot_alone(office: Office) -> None:
    for number in range(PER_CHANNEL + 60):
        await office.store.take(event(f"x{number}", said(f"x{number}", who=f"p{number}")))
        office.facebook.hold(f"hangs {number}")
        await office.write(f"hangs {number}", conversation_id=4 + number)
    await office.facebook.began(PER_CHANNEL)

    message_id = await office.write("bot", conversation_id=3)

    assert await office.comes_to(message_id) is SendState.SENT
    assert office.facebook.most_under_way == PER_CHANNEL


async def test_a_refused_reply_fails_with_its_reason_and_the_next_one_goes_on(office: Office) -> None:
    office.facebook.outcomes = [Refused("window_closed", "more than 24 hours have passed")]
    first, second = await office.write("late"), await office.write("next")

    assert await office.comes_to(first) is SendState.FAILED
    assert await office.comes_to(second) is SendState.SENT
    message = await office.store.reader.message(first)
    assert (message.failure_code, message.failure) == ("window_closed", "more than 24 hours have passed")
    assert (await office.store.channels.channel(1)).state is ChannelState.OK


async def test_a_broken_channel_says_so_until_a_reply_gets_through(office: Office) -> None:
    office.facebook.outcomes = [Refused("token_invalid", "connect the page again", channel_broken=True)]
    await office.comes_to(await office.write("one"))
    message_id = await office.write("two")
    broken = await office.store.channels.channel(1)

    await office.comes_to(message_id)
    await office.comes_to(await office.write("three"))

    assert (broken.state, broken.sentence) == (ChannelState.SENDING_REFUSED, "connect the page again")
    well = await office.store.channels.channel(1)
    assert (well.state, well.sentence) == (ChannelState.OK, "")


async def test_a_lost_answer_is_unknown_and_never_sent_again(office: Office) -> None:
    office.facebook.outcomes = [Lost("no answer came")]
    first = await office.write("one")
    assert await office.comes_to(first) is SendState.UNKNOWN

    await office.comes_to(await office.write("two"))

    assert office.facebook.sent == ["one", "two"]
    assert (await office.store.reader.message(first)).failure == "no answer came"


async def test_a_fault_in_the_client_is_unknown_too_and_stops_nothing(office: Office) -> None:
    office.facebook.outcomes = [ZeroDivisionError("inside")]

    assert await office.comes_to(await office.write("one")) is SendState.UNKNOWN
    assert await office.comes_to(await office.write("two")) is SendState.SENT


async def test_a_postponed_reply_is_tried_again_when_its_time_has_come(office: Office) -> None:
    office.facebook.outcomes = [Postponed(7.0, "too many calls")]
    message_id = await office.write("one")
    await office.rests(7.0)
    assert await office.store.state(message_id) is SendState.QUEUED
    assert (await office.store.reader.message(message_id)).failure == "too many calls"

    office.time.advance(7.0)

    assert await office.comes_to(message_id) is SendState.SENT
    assert office.facebook.sent == ["one", "one"]


async def test_a_pause_that_a_platform_asks_for_holds_its_whole_channel_and_no_other(office: Office) -> None:
    office.facebook.outcomes = [Postponed(7.0, "too many calls")]
    await office.write("one")
    await office.rests(7.0)

    waiting = await office.write("same page", conversation_id=2)
    assert await office.comes_to(await office.write("bot", conversation_id=3)) is SendState.SENT
    await office.rests(7.0)
    assert await office.store.state(waiting) is SendState.QUEUED

    office.time.advance(7.0)
    assert await office.comes_to(waiting) is SendState.SENT


async def test_a_clock_that_jumps_back_makes_no_pause_longer_than_the_longest(office: Office) -> None:
    office.time.advance(2 * LONGEST_PAUSE_S)
    office.facebook.outcomes = [Postponed(7.0, "too many calls")]
    postponed = await office.write("one")
    await office.rests(7.0)

    office.time.advance(-LONGEST_PAUSE_S)
    behind = await office.write("same page", conversation_id=2)

    assert await office.comes_to(postponed) is SendState.SENT
    assert await office.comes_to(behind) is SendState.SENT


async def test_a_reply_that_is_postponed_again_and_again_fails_in_the_end(office: Office) -> None:
    office.facebook.outcomes = [Postponed(0.0, "not reached")] * MAX_ATTEMPTS
    message_id = await office.write("one")
    for pause_s in PAUSES_S:
        await office.rests(pause_s)
        office.time.advance(pause_s)

    assert await office.comes_to(message_id) is SendState.FAILED
    assert len(office.facebook.sent) == MAX_ATTEMPTS
    assert "given up after 10 attempts: not reached" in (await office.store.reader.message(message_id)).failure


async def test_a_channel_without_a_token_fails_its_replies_with_a_sentence(office: Office) -> None:
    stranger = await office.store.take(event("e9", said("m9", who="psid-9"), channel=PAGE))
    assert stranger.messages == 1
    await office.store.channels.remove_channel(2)
    await office.store.take(event("e4", said("m4", who="chat-3"), channel=BOT))

    message_id = await office.write("bot", conversation_id=3)

    assert await office.comes_to(message_id) is SendState.FAILED
    assert "the channel has no token" in (await office.store.reader.message(message_id)).failure
    assert office.telegram.sent == []


async def test_a_removed_channel_fails_its_replies_too(office: Office) -> None:
    await office.store.channels.remove_channel(2)
    message_id = await office.write("bot", conversation_id=3)

    assert await office.comes_to(message_id) is SendState.FAILED
    assert "the channel was removed" in (await office.store.reader.message(message_id)).failure


async def test_an_echo_that_comes_before_the_answer_leaves_one_confirmed_row(office: Office) -> None:
    release = office.facebook.hold("hello")
    office.facebook.outcomes = [Sent("mid-1")]
    message_id = await office.write("hello")
    await office.facebook.began(1)
    await office.store.take(event("e5", echo("mid-1", text="hello")))
    release.set()
    await office.comes_to(message_id)

    found = await office.store.reader.messages(1, limit=10, before=None)
    assert [each.id for each in found if each.state] == [message_id]


async def test_an_outcome_is_written_down_as_soon_as_the_database_answers_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = office.store.outbox.settle
    monkeypatch.setattr(office.store.outbox, "settle", _unavailable)
    message_id = await office.write("hello")
    await office.time.asleep(1.0)
    assert await office.store.state(message_id) is SendState.SENDING

    monkeypatch.setattr(office.store.outbox, "settle", settle)
    office.time.advance(1.0)

    assert await office.comes_to(message_id) is SendState.SENT
    assert office.facebook.sent == ["hello"]


async def test_a_reply_that_could_not_be_written_down_before_is_not_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = office.store.outbox.start
    monkeypatch.setattr(office.store.outbox, "start", _unavailable)
    message_id = await office.write("hello")
    await office.rests(1.0)
    assert office.facebook.sent == []

    monkeypatch.setattr(office.store.outbox, "start", start)
    office.time.advance(1.0)
    assert await office.comes_to(message_id) is SendState.SENT


async def test_a_start_that_was_written_down_but_not_answered_is_taken_back_and_made_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = office.store.outbox.start

    async def start_without_answer(message_id: int) -> bool:
        monkeypatch.setattr(office.store.outbox, "start", start)
        await start(message_id)
        raise StoreUnavailable("the connection broke after the commit")

    monkeypatch.setattr(office.store.outbox, "start", start_without_answer)
    message_id = await office.write("hello")
    await office.rests(1.0)
    assert await office.store.state(message_id) is SendState.QUEUED
    assert office.facebook.sent == []

    office.time.advance(1.0)
    assert await office.comes_to(message_id) is SendState.SENT
    assert office.facebook.sent == ["hello"]


async def _unavailable(*_: object, **__: object) -> None:
    raise StoreUnavailable("the disk is full")


async def test_what_the_last_run_left_on_its_way_is_unknown_before_anything_is_sent(store: Store) -> None:
    await store.take(event("e1", said("m1")))
    message_id = await store.reply()
    await store.outbox.start(message_id)
    office = Office(store)

    await office.sender.recover()

    assert await store.state(message_id) is SendState.UNKNOWN


async def test_stopping_waits_for_what_is_on_its_way(office: Office) -> None:
    release = office.facebook.hold("hello")
    message_id = await office.write("hello")
    await office.facebook.began(1)

    stopping = asyncio.create_task(office.sender.drain(DEADLINE_S))
    waiting = await office.write("after", conversation_id=3)
    release.set()
    await stopping

    assert await office.store.state(message_id) is SendState.SENT
    assert await office.store.state(waiting) is SendState.QUEUED


async def test_stopping_cuts_off_what_takes_too_long_and_leaves_it_on_its_way(office: Office) -> None:
    office.facebook.hold("hangs")
    message_id = await office.write("hangs")
    await office.facebook.began(1)

    await office.sender.drain(0)

    assert await office.store.state(message_id) is SendState.SENDING
