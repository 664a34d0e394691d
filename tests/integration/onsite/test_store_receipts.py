"""Receipts advance our messages, never back, and never what the platform may not have."""

import pytest

from onsite.core.model import ReceiptState
from onsite.core.sending import SendEvent, SendState
from onsite.engine.outgoing import Settlement
from tests.integration.onsite.store import Store, echo, event, on_both_databases, receipt, said

pytestmark = on_both_databases

DELIVERED, READ = ReceiptState.DELIVERED, ReceiptState.READ


@pytest.fixture(autouse=True)
async def conversation(store: Store) -> None:
    await store.take(event("e0", said("m1")), event("e00", said("n1", who="psid-2")))


async def states(store: Store) -> list[SendState | None]:
    found = await store.reader.messages(1, limit=100, before=None)
    return [message.state for message in reversed(found) if message.state]


async def test_delivered_then_read(store: Store) -> None:
    await store.sent_reply("mid-1")  # at 6000

    await store.take(event("e1", receipt(DELIVERED, until=6000)))
    assert await states(store) == [SendState.DELIVERED]
    await store.take(event("e2", receipt(READ, until=6001)))
    assert await states(store) == [SendState.READ]


async def test_a_read_message_is_not_delivered_again(store: Store) -> None:
    await store.sent_reply("mid-1")
    await store.take(event("e1", receipt(READ, until=7000)), event("e2", receipt(DELIVERED, until=8000)))

    assert await states(store) == [SendState.READ]


async def test_only_what_was_sent_until_the_moment_advances(store: Store) -> None:
    await store.take(event("e1", echo("x1", at=100)), event("e2", echo("x2", at=200)))
    await store.take(event("e3", receipt(READ, until=150)))

    assert await states(store) == [SendState.READ, SendState.SENT]


async def test_a_named_message_advances_alone(store: Store) -> None:
    await store.take(event("e1", echo("x1", at=100)), event("e2", echo("x2", at=200)))
    await store.take(event("e3", receipt(DELIVERED, keys=["x2"])))

    assert await states(store) == [SendState.SENT, SendState.DELIVERED]


async def test_receipts_of_one_conversation_leave_others_alone(store: Store) -> None:
    await store.sent_reply("mid-1")
    await store.take(event("e1", receipt(READ, until=9000, keys=["mid-1"], who="psid-2")))

    assert await states(store) == [SendState.SENT]


async def test_incoming_messages_have_no_state_to_advance(store: Store) -> None:
    await store.take(event("e1", receipt(READ, until=9000, keys=["m1"])))

    assert await states(store) == []


@pytest.mark.parametrize("event_", [None, SendEvent.LOST], ids=["on its way", "unknown"])
async def test_a_moment_says_nothing_of_a_reply_that_the_platform_may_not_have(
    store: Store, event_: SendEvent | None
) -> None:
    message_id = await store.reply()
    await store.outbox.start(message_id)
    if event_:
        await store.outbox.settle(message_id, Settlement(event_), now_ms=6000)
    before = await store.state(message_id)

    await store.take(event("e1", receipt(READ, until=99_000)))

    assert await store.state(message_id) is before


async def test_a_receipt_that_overtakes_the_echo_counts_once_the_echo_is_there(store: Store) -> None:
    message_id = await store.reply(correlation="c1")
    await store.outbox.start(message_id)
    await store.take(event("e1", receipt(READ, until=5600)))
    assert await store.state(message_id) is SendState.SENDING

    await store.take(event("e2", echo("mid-1", correlation="c1", at=5500)))

    assert await store.state(message_id) is SendState.READ


async def test_an_older_receipt_does_not_forget_a_newer_one(store: Store) -> None:
    await store.take(event("e1", receipt(READ, until=5600)))
    await store.take(event("e2", receipt(READ, until=5000)))
    await store.take(event("e3", echo("x1", at=5500)))

    assert await states(store) == [SendState.READ]


async def test_echo_and_receipt_in_one_batch_in_any_order(store: Store) -> None:
    await store.take(event("e1", receipt(DELIVERED, keys=["x1"])), event("e2", echo("x1", at=100)))

    assert await states(store) == [SendState.DELIVERED]
