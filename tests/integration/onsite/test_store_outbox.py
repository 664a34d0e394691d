"""The outbox: whose turn it is, what an attempt leaves behind, what a crash leaves behind."""

import pytest

from onsite.core.errors import ConversationNotFound
from onsite.core.sending import SendEvent, SendState
from onsite.engine.attempts import LONGEST_PAUSE_S
from onsite.engine.channels import ChannelState
from onsite.engine.errors import MessageNotFound
from onsite.engine.outgoing import NewReply, Outgoing, Settlement
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said

pytestmark = on_both_databases


@pytest.fixture(autouse=True)
async def conversations(store: Store) -> None:
    """Conversations 1 and 2 on the page, 3 on the bot."""
    await store.take(event("e1", said("m1")))
    await store.take(event("e2", said("m2", who="psid-2")))
    await store.take(event("e3", said("m3", who="chat-3"), channel=BOT))


async def due(store: Store, *, at: int = 10_000, channels: list[int] | None = None) -> list[int]:
    found = await store.outbox.due(now_ms=at, busy_channels=channels or [], busy_conversations=[])
    return [outgoing.message_id for outgoing in found]


async def test_a_queued_reply_carries_all_that_sending_needs(store: Store) -> None:
    message_id = await store.reply("hi", correlation="c1")

    assert await store.outbox.due(now_ms=0, busy_channels=[], busy_conversations=[]) == [
        Outgoing(
            message_id=message_id,
            conversation_id=1,
            conversation_key="psid-1",
            channel_id=1,
            channel=PAGE,
            channel_state=ChannelState.NO_TOKEN,
            text="hi",
            correlation="c1",
            attempts=0,
        )
    ]


async def test_only_the_first_reply_of_each_conversation_is_due(store: Store) -> None:
    first = await store.reply(correlation="a")
    await store.reply(correlation="b")
    other = await store.reply(correlation="c", conversation_id=3)

    assert await due(store) == [first, other]


async def test_busy_conversations_and_channels_are_left_out(store: Store) -> None:
    first = await store.reply(correlation="a")
    second = await store.reply(correlation="b", conversation_id=2)
    third = await store.reply(correlation="c", conversation_id=3)

    assert await due(store, channels=[1]) == [third]
    found = await store.outbox.due(now_ms=0, busy_channels=[], busy_conversations=[1])
    assert [outgoing.message_id for outgoing in found] == [second, third]
    assert first not in [outgoing.message_id for outgoing in found]


async def test_a_postponed_reply_holds_its_conversation_back_until_its_time(store: Store) -> None:
    first = await store.reply(correlation="a")
    await store.reply(correlation="b")
    await store.outbox.start(first)
    postponed = Settlement(SendEvent.POSTPONED, code="postponed", sentence="later", not_before_ms=20_000)
    assert await store.outbox.settle(first, postponed, now_ms=10_000) is SendState.QUEUED

    assert await due(store, at=19_999) == []
    assert await store.outbox.next_due_ms(now_ms=19_999) == 20_000
    assert await due(store, at=20_000) == [first]
    assert (await store.reader.message(first)).failure == "later"


async def test_attempts_are_counted_when_they_begin(store: Store) -> None:
    message_id = await store.reply()
    await store.outbox.start(message_id)
    await store.outbox.settle(message_id, Settlement(SendEvent.POSTPONED), now_ms=0)

    (outgoing,) = await store.outbox.due(now_ms=0, busy_channels=[], busy_conversations=[])
    assert outgoing.attempts == 1


async def test_a_reply_starts_once(store: Store) -> None:
    message_id = await store.reply()

    assert [await store.outbox.start(message_id), await store.outbox.start(message_id)] == [True, False]
    assert await due(store) == []


async def test_a_reply_that_seems_to_wait_longer_than_any_pause_is_due(store: Store) -> None:
    """Its time was set before the clock jumped back."""
    await store.take(event("e1", said("m1")))
    reply = await store.reply()
    await store.outbox.start(reply)
    longest_ms = int(LONGEST_PAUSE_S * 1000)
    waits = Settlement(SendEvent.POSTPONED, not_before_ms=50_000 + longest_ms)
    await store.outbox.settle(reply, waits, now_ms=50_000)

    async def look(now_ms: int) -> tuple[list[int], int | None]:
        due = await store.outbox.due(now_ms=now_ms, busy_channels=[], busy_conversations=[])
        return [each.message_id for each in due], await store.outbox.next_due_ms(now_ms=now_ms)

    assert await look(50_000) == ([], 50_000 + longest_ms)
    assert await look(49_999) == ([reply], None)


async def test_without_postponed_replies_nothing_is_due_later(store: Store) -> None:
    await store.reply()

    assert await store.outbox.next_due_ms(now_ms=0) is None


async def test_what_is_found_on_its_way_at_start_is_unknown_and_says_why(store: Store) -> None:
    on_its_way, waiting = await store.reply(correlation="a"), await store.reply(correlation="b")
    await store.outbox.start(on_its_way)

    assert await store.outbox.lose_unfinished() == 1

    assert (await store.state(on_its_way), await store.state(waiting)) == (SendState.UNKNOWN, SendState.QUEUED)
    assert "stopped while this reply was on its way" in (await store.reader.message(on_its_way)).failure
    assert await due(store) == [waiting]


async def test_a_settlement_that_does_not_fit_changes_nothing(store: Store) -> None:
    message_id = await store.sent_reply("mid-1")
    before = await store.reader.message(message_id)

    assert (
        await store.outbox.settle(message_id, Settlement(SendEvent.REFUSED, code="x", sentence="y"), now_ms=1) is None
    )
    assert await store.reader.message(message_id) == before


async def test_an_incoming_message_cannot_be_settled(store: Store) -> None:
    assert await store.replies.reply_state(1) is None
    assert await store.replies.settle(1, Settlement(SendEvent.CONFIRMED), now_ms=1) is None


async def test_the_same_client_id_is_one_reply_within_its_conversation(store: Store) -> None:
    def written(conversation_id: int, text: str, correlation: str) -> NewReply:
        return NewReply(conversation_id, text, correlation, 1, client_id="mine")

    first = await store.replies.add_reply(written(1, "hello", "a"))
    again = await store.replies.add_reply(written(1, "something else", "b"))
    elsewhere = await store.replies.add_reply(written(2, "hello", "c"))

    assert (again.message_id, again.text) == (first.message_id, "hello")
    assert elsewhere.message_id != first.message_id


async def test_a_reply_moves_its_conversation_to_the_top(store: Store) -> None:
    await store.reply(conversation_id=2)

    assert (await store.reader.conversations(limit=1, before=None))[0].id == 2


async def test_unknown_ids_are_said_so(store: Store) -> None:
    with pytest.raises(ConversationNotFound, match="no conversation 99"):
        await store.replies.conversation_channel(99)
    with pytest.raises(MessageNotFound, match="no message 99"):
        await store.replies.reply_state(99)
    assert await store.replies.conversation_channel(3) == BOT


async def test_counts_tell_what_somebody_may_have_to_look_after(store: Store) -> None:
    started = await store.reply(correlation="a")
    await store.reply(correlation="b")
    await store.outbox.start(started)

    counts = await store.reader.counts()

    assert counts.replies == {SendState.QUEUED: 1, SendState.SENDING: 1, SendState.UNKNOWN: 0}
    assert sum(counts.channels.values()) == 2
    assert counts.quarantined == 0


async def test_an_id_is_never_given_twice_even_if_its_message_was_absorbed(store: Store) -> None:
    from tests.integration.onsite.store import echo

    reply = await store.reply(correlation="c1")
    await store.outbox.start(reply)
    await store.take(event("e8", echo("mid-1")))
    seen = max(message.id for message in await store.reader.messages(1, limit=10, before=None))
    await store.outbox.settle(reply, Settlement(SendEvent.CONFIRMED, platform_id="mid-1"), now_ms=1)

    assert await store.reply(correlation="c2") > seen
