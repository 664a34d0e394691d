"""Echoes of our replies: each reply stays one row and gets confirmed, in whatever order answer and echo arrive."""

import pytest

from onsite.core.model import Author, ReceiptState
from onsite.core.sending import SendEvent, SendState
from onsite.engine.outgoing import Settlement
from tests.integration.onsite.store import Store, echo, event, on_both_databases, receipt, said

pytestmark = on_both_databases

ANSWER = Settlement(SendEvent.CONFIRMED, platform_id="mid-1")


@pytest.fixture
async def reply(store: Store) -> int:
    """Have a reply on its way."""
    await store.take(event("e1", said("m1")))
    message_id = await store.reply(correlation="c1")
    await store.outbox.start(message_id)
    return message_id


async def ours(store: Store) -> list[tuple[int, str | None, SendState | None, int]]:
    """Return id, key, state and time of every outgoing message."""
    return [(each.id, each.key, each.state, each.sent_at_ms) for each in await store.messages() if each.state]


async def test_an_echo_before_the_answer_confirms_by_its_correlation(store: Store, reply: int) -> None:
    await store.take(event("e2", echo("mid-1", correlation="c1", at=5500)))
    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5500)]

    assert await store.outbox.settle(reply, ANSWER, now_ms=9000) is None
    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5500)]


async def test_an_echo_after_the_answer_adds_no_row_and_brings_the_platforms_time(store: Store, reply: int) -> None:
    await store.outbox.settle(reply, ANSWER, now_ms=9000)
    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 9000)]

    applied = await store.take(event("e2", echo("mid-1", at=5500)))

    assert (applied.messages, applied.outbound_touched) == (0, True)
    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5500)]


async def test_an_echo_without_correlation_before_the_answer_is_absorbed_by_it(store: Store, reply: int) -> None:
    await store.take(event("e2", echo("mid-1", at=5500)))
    assert len(await ours(store)) == 2  # nobody can know yet that both are one

    await store.outbox.settle(reply, ANSWER, now_ms=9000)

    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5500)]


async def test_what_became_of_the_absorbed_echo_is_not_lost(store: Store, reply: int) -> None:
    await store.take(event("e2", echo("mid-1", at=5500)), event("e3", receipt(ReceiptState.READ, until=5600)))

    assert await store.outbox.settle(reply, ANSWER, now_ms=9000) is SendState.READ
    assert await ours(store) == [(reply, "mid-1", SendState.READ, 5500)]


async def test_a_second_echo_that_knows_the_correlation_absorbs_the_first_that_did_not(
    store: Store, reply: int
) -> None:
    await store.take(event("e2", echo("mid-1", at=5500)))
    await store.take(event("e3", echo("mid-1", correlation="c1", at=5500)))

    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5500)]


async def test_an_answer_with_the_id_of_an_earlier_reply_removes_nothing(store: Store, reply: int) -> None:
    await store.outbox.settle(reply, ANSWER, now_ms=6000)
    second = await store.reply(correlation="c2")
    await store.outbox.start(second)

    assert await store.outbox.settle(second, ANSWER, now_ms=9000) is SendState.SENT

    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 6000), (second, None, SendState.SENT, 9000)]


async def test_an_echo_with_the_id_of_an_earlier_reply_removes_nothing(store: Store, reply: int) -> None:
    await store.outbox.settle(reply, ANSWER, now_ms=5000)
    second = await store.reply(correlation="c2")
    await store.outbox.start(second)

    await store.take(event("e2", echo("mid-1", correlation="c2", at=5500)))

    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5000), (second, None, SendState.SENT, 5500)]


async def test_an_echo_settles_a_reply_whose_answer_was_lost(store: Store, reply: int) -> None:
    await store.outbox.settle(reply, Settlement(SendEvent.LOST, code="no_answer", sentence="?"), now_ms=6000)
    assert await store.state(reply) is SendState.UNKNOWN

    await store.take(event("e2", echo("mid-1", correlation="c1")))

    message = await store.reader.message(reply)
    assert (message.state, message.failure, message.author) == (SendState.SENT, "", Author.OPERATOR)


async def test_an_echo_of_a_reply_that_waits_for_another_attempt_proves_that_none_is_needed(
    store: Store, reply: int
) -> None:
    await store.outbox.settle(reply, Settlement(SendEvent.POSTPONED, not_before_ms=7000), now_ms=6000)
    await store.take(event("e2", echo("mid-1", correlation="c1")))

    assert await store.state(reply) is SendState.SENT
    assert await store.outbox.start(reply) is False


async def test_an_echo_proves_that_a_reply_did_not_fail(store: Store, reply: int) -> None:
    """An operator who reads that it failed writes it again, and the customer has it twice."""
    await store.outbox.settle(reply, Settlement(SendEvent.REFUSED, code="x", sentence="y"), now_ms=6000)
    applied = await store.take(event("e2", echo("mid-1", correlation="c1", at=5500)))

    assert await ours(store) == [(reply, "mid-1", SendState.SENT, 5500)]
    assert applied.outbound_touched
    assert (await store.reader.message(reply)).failure == ""


async def test_an_echo_of_somebody_elses_message_is_a_message_from_elsewhere(store: Store, reply: int) -> None:
    await store.take(event("e2", echo("mid-7", text="from the page's own inbox")))

    foreign = (await store.messages())[-1]
    assert (foreign.author, foreign.state, foreign.text) == (
        Author.ELSEWHERE,
        SendState.SENT,
        "from the page's own inbox",
    )
    assert await store.state(reply) is SendState.SENDING


async def test_a_correlation_of_another_conversation_confirms_nothing(store: Store, reply: int) -> None:
    stranger = said("m9", who="psid-2")
    await store.take(event("e2", stranger))
    other = await store.reply(correlation="c2", conversation_id=2)

    await store.take(event("e3", echo("mid-1", correlation="c2")))

    assert await store.state(other) is SendState.QUEUED
    assert await store.state(reply) is SendState.SENDING


async def test_several_echoes_in_one_batch_find_their_replies(store: Store, reply: int) -> None:
    second = await store.reply(correlation="c2")
    await store.outbox.start(second)

    await store.take(
        event("e2", echo("mid-1", correlation="c1")),
        event("e3", echo("mid-2", correlation="c2", at=5600)),
        event("e4", echo("mid-1", correlation="c1")),
    )

    assert [row[:3] for row in await ours(store)] == [
        (reply, "mid-1", SendState.SENT),
        (second, "mid-2", SendState.SENT),
    ]


async def test_the_conversation_stands_where_its_newest_message_was_really_sent(store: Store, reply: int) -> None:
    assert (await store.conversation()).last_at_ms == 5000
    await store.outbox.settle(reply, ANSWER, now_ms=9000)
    assert (await store.conversation()).last_at_ms == 9000

    await store.take(event("e2", echo("mid-1", at=5500)))
    assert (await store.conversation()).last_at_ms == 5500
