"""What was found by reading and what came by webhook are one message: nothing twice, and the fuller of both is kept."""

from dataclasses import replace

import pytest

from onsite.core.model import Attachment, AttachmentKind, Author, Direction, Kind, MessageFact
from onsite.core.sending import SendEvent, SendState
from onsite.engine.outgoing import Settlement
from tests.integration.onsite.store import Store, echo, event, on_both_databases, said

pytestmark = on_both_databases

LOST = Settlement(SendEvent.LOST, code="no_answer", sentence="nobody knows")
SECOND_MS = 6000
"""When something was found to have been said: a whole second."""


def found(fact: MessageFact) -> MessageFact:
    """State the same as reading tells it."""
    return replace(fact, sent_at_ms=fact.sent_at_ms // 1000 * 1000, payload="", backfilled=True)


PRESSED = replace(said("m1", "Menu", at=1234), kind=Kind.POSTBACK, payload="MENU")
READ_AS_TEXT = replace(found(PRESSED), kind=Kind.TEXT)


@pytest.fixture
async def unknown(store: Store) -> int:
    """Have a reply, written at 5000, of which nobody knows whether it went out."""
    await store.take(event("e1", said("m1")))
    message_id = await store.reply("our answer", correlation="c1")
    await store.outbox.start(message_id)
    await store.outbox.settle(message_id, LOST, now_ms=5000)
    return message_id


async def ours(store: Store) -> list[tuple[int, str | None, SendState | None, int]]:
    """Return id, key, state and time of every outgoing message."""
    return [(each.id, each.key, each.state, each.sent_at_ms) for each in await store.messages() if each.state]


class TestCustomers:
    async def test_a_button_that_was_pressed_and_is_found_afterwards_stays_as_it_was(self, store: Store) -> None:
        await store.take(event("p:m1", PRESSED))
        before = await store.messages()
        applied = await store.take(event("found:m1", READ_AS_TEXT))

        assert applied.messages == 0
        assert await store.messages() == before
        assert [(each.kind, each.payload, each.backfilled) for each in before] == [(Kind.POSTBACK, "MENU", False)]

    async def test_a_button_that_was_found_gets_what_its_webhook_tells(self, store: Store) -> None:
        await store.take(event("found:m1", READ_AS_TEXT))
        applied = await store.take(event("p:m1", PRESSED))
        (message,) = await store.messages()

        assert applied.messages == 0
        assert (message.kind, message.payload, message.sent_at_ms) == (Kind.POSTBACK, "MENU", 1234)
        assert message.backfilled, "it was found first, and stays marked"
        assert (await store.conversation()).last_at_ms == 1234

    async def test_webhooks_put_what_was_found_into_the_platforms_order(self, store: Store) -> None:
        one, two = said("a", "one", at=1200), said("b", "two", at=1900)
        await store.take(event("m:c", said("c", "heard", at=1500)))
        await store.take(event("found:a", found(one)), event("found:b", found(two)))
        await store.take(event("m:a", one), event("m:b", two))

        assert await store.texts() == ["one", "heard", "two"]

    async def test_an_attachment_is_told_by_the_webhook_where_both_tell_one(self, store: Store) -> None:
        heard = replace(
            said("m1"), kind=Kind.MEDIA, attachments=(Attachment(AttachmentKind.LOCATION, latitude=1.0, longitude=2.0),)
        )
        read = replace(found(heard), attachments=(Attachment(AttachmentKind.LINK, url="https://maps.example"),))
        await store.take(event("found:m1", read))
        await store.take(event("m:m1", heard))
        (message,) = await store.messages()

        assert tuple(each.attachment for each in message.attachments) == heard.attachments

    async def test_an_attachment_that_only_reading_told_stays(self, store: Store) -> None:
        link = Attachment(AttachmentKind.LINK, url="https://shop.example")
        await store.take(event("found:m1", replace(found(said("m1")), attachments=(link,))))
        await store.take(event("m:m1", said("m1")))
        (message,) = await store.messages()

        assert tuple(each.attachment for each in message.attachments) == (link,)

    async def test_a_message_that_came_by_webhook_is_not_changed_by_another_webhook(self, store: Store) -> None:
        await store.take(event("m:m1", said("m1", "first")))
        await store.take(event("other:m1", said("m1", "second", at=9000)))

        assert await store.texts() == ["first"]


class TestOurs:
    async def test_an_unknown_reply_that_was_found_is_sent(self, store: Store, unknown: int) -> None:
        applied = await store.take(event("found:mid-1", found(echo("mid-1", at=SECOND_MS))))

        assert (applied.messages, applied.outbound_touched) == (0, True)
        assert await ours(store) == [(unknown, "mid-1", SendState.SENT, 5000)]

    async def test_its_echo_that_comes_later_brings_the_platforms_time_and_no_row(
        self, store: Store, unknown: int
    ) -> None:
        await store.take(event("found:mid-1", found(echo("mid-1", at=SECOND_MS))))
        await store.take(event("e:mid-1", echo("mid-1", correlation="c1", at=SECOND_MS + 123)))

        assert await ours(store) == [(unknown, "mid-1", SendState.SENT, SECOND_MS + 123)]

    async def test_where_words_do_not_tell_the_echo_that_comes_later_absorbs_what_was_found(
        self, store: Store, unknown: int
    ) -> None:
        await store.take(event("found:mid-1", found(echo("mid-1", at=SECOND_MS, text="our answer, shortened"))))
        assert len(await ours(store)) == 2

        await store.take(event("e:mid-1", echo("mid-1", correlation="c1", at=SECOND_MS + 123)))
        assert await ours(store) == [(unknown, "mid-1", SendState.SENT, SECOND_MS + 123)]

    async def test_what_was_said_twice_is_taken_for_nothing(self, store: Store, unknown: int) -> None:
        twice = [event(f"found:{key}", found(echo(key, at=SECOND_MS))) for key in ("mid-1", "mid-2")]

        assert (await store.take(*twice)).messages == 2
        assert (await store.state(unknown)) is SendState.UNKNOWN

    async def test_a_reply_whose_id_is_known_is_not_taken_for_an_unknown_one_of_the_same_words(
        self, store: Store, unknown: int
    ) -> None:
        sent = await store.sent_reply("mid-2", correlation="c2")
        await store.take(event("found:mid-2", found(echo("mid-2", at=SECOND_MS))))

        assert (await store.state(sent), await store.state(unknown)) == (SendState.SENT, SendState.UNKNOWN)

    async def test_an_operator_who_saw_it_arrive_finds_it_once(self, store: Store, unknown: int) -> None:
        await store.replies.settle(unknown, Settlement(SendEvent.CONFIRMED), now_ms=9000)
        await store.take(event("found:mid-1", found(echo("mid-1", at=SECOND_MS))))

        assert await ours(store) == [(unknown, "mid-1", SendState.SENT, 5000)]

    async def test_an_echo_by_webhook_is_never_recognised_by_its_words(self, store: Store, unknown: int) -> None:
        """It would carry our correlation, were it ours."""
        await store.take(event("e:mid-1", echo("mid-1", at=SECOND_MS)))

        assert [(each.author, each.direction) for each in await store.messages() if each.state] == [
            (Author.OPERATOR, Direction.OUTBOUND),
            (Author.ELSEWHERE, Direction.OUTBOUND),
        ]
        assert await store.state(unknown) is SendState.UNKNOWN
