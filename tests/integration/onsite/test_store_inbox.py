"""Batches of events: every authentic event is there raw, every message once, all of a batch or nothing."""

import asyncio

import pytest

from onsite.core.errors import ConversationNotFound
from onsite.core.model import Attachment, AttachmentKind, Author, Direction, Kind, MessageFact, Person, ReceiptState
from onsite.engine.channels import ChannelState
from onsite.engine.errors import MessageNotFound
from onsite.engine.incoming import EventState, IncomingBatch, IncomingEvent, NextOffset
from onsite.engine.views import Cursor
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, receipt, said

pytestmark = on_both_databases


async def test_a_message_makes_its_channel_contact_and_conversation(store: Store) -> None:
    applied = await store.take(event("e1", said("m1", "good morning", at=1500, name="Ada")))

    conversation = await store.conversation()
    (message,) = await store.messages()
    (contact,) = await store.reader.contacts(limit=10, before=None)
    assert (applied.messages, len(applied.fresh)) == (1, 1)
    assert (conversation.key, conversation.contact_name, conversation.last_at_ms) == ("psid-1", "Ada", 1500)
    assert (message.text, message.author, message.author_name) == ("good morning", Author.CONTACT, "Ada")
    assert (message.direction, message.state, message.key) == (Direction.INBOUND, None, "m1")
    assert (contact.key, contact.name) == ("psid-1", "Ada")


async def test_a_page_that_nobody_set_up_becomes_a_channel_without_a_token(store: Store) -> None:
    await store.take(event("e1", said("m1")))

    (channel,) = await store.channels.channels()
    assert (channel.ref, channel.state, channel.has_token) == (PAGE, ChannelState.NO_TOKEN, False)
    assert "replies cannot be sent" in channel.sentence


async def test_a_repeated_event_changes_nothing(store: Store) -> None:
    await store.take(event("e1", said("m1", "once")))
    before = await store.counts()

    applied = await store.take(event("e1", said("m1", "once"), source_id="9-9"))

    assert (applied.messages, list(applied.fresh), await store.counts()) == (0, [], before)


async def test_the_same_event_twice_in_one_batch_counts_once(store: Store) -> None:
    applied = await store.take(event("e1", said("m1")), event("e1", said("m1")))

    assert (applied.messages, len(applied.fresh)) == (1, 1)


async def test_two_events_that_state_the_same_message_make_it_once(store: Store) -> None:
    """Two apps on one page: the same message comes as `messaging` and as `standby`."""
    await store.take(event("e1", said("m1", "first wins")))
    await store.take(event("e2", said("m1", "first wins")))

    assert await store.texts() == ["first wins"]


async def test_the_same_key_in_two_channels_is_two_events_and_two_messages(store: Store) -> None:
    await store.take(event("e1", said("7"), channel=PAGE), event("e1", said("7"), channel=BOT))

    counts = await store.counts()
    assert [counts[name] for name in ("channels", "events", "conversations", "messages")] == [2, 2, 2, 2]


async def test_an_echo_with_the_id_of_an_incoming_message_is_a_message_of_its_own(store: Store) -> None:
    ours = MessageFact("psid-1", "m1", Direction.OUTBOUND, Author.ELSEWHERE, 2000, Kind.TEXT, text="echo")

    await store.take(event("e1", said("m1", "customer")), event("e2", ours))

    assert await store.texts() == ["customer", "echo"]


async def test_a_message_that_comes_late_stands_where_it_was_sent(store: Store) -> None:
    await store.take(event("e1", said("m1", "first", at=1000)))
    await store.take(event("e3", said("m3", "third", at=3000)))
    await store.take(event("e2", said("m2", "second", at=2000)))

    assert await store.texts() == ["first", "second", "third"]
    assert (await store.conversation()).last_text == "third"
    assert (await store.conversation()).last_at_ms == 3000


async def test_attachments_come_with_their_message_in_their_order(store: Store) -> None:
    files = (
        Attachment(AttachmentKind.IMAGE, url="https://cdn.example/1", mime_type="image/png", size_bytes=5),
        Attachment(AttachmentKind.LOCATION, title="Here", latitude=52.5, longitude=13.4),
    )
    fact = MessageFact(
        "psid-1", "m1", Direction.INBOUND, Author.CONTACT, 1, Kind.MEDIA, Person("psid-1"), attachments=files
    )

    await store.take(event("e1", fact))
    await store.take(event("e1", fact))

    (message,) = await store.messages()
    assert tuple(each.attachment for each in message.attachments) == files
    assert (await store.conversation()).last_text == "media"


async def test_what_is_told_of_a_person_later_is_added_and_what_is_not_told_stays(store: Store) -> None:
    await store.take(event("e1", said("m1", name="Ada")))
    await store.take(event("e2", said("m2", name="")))
    assert (await store.conversation()).contact_name == "Ada"

    await store.take(event("e3", said("m3", name="Ada Lovelace")))
    assert (await store.conversation()).contact_name == "Ada Lovelace"


async def test_a_group_is_known_by_its_title_and_its_messages_by_their_authors(store: Store) -> None:
    def in_group(key: str, who: str, title: str) -> MessageFact:
        return MessageFact(
            "-100", key, Direction.INBOUND, Author.CONTACT, int(key), Kind.TEXT, Person(who, who.title()), title
        )

    await store.take(event("e1", in_group("1", "ada", "Old name")), event("e2", in_group("2", "bob", "New name")))

    conversation = await store.conversation()
    assert (conversation.title, conversation.contact_id) == ("New name", None)
    assert [message.author_name for message in await store.messages()] == ["Ada", "Bob"]


async def test_a_receipt_makes_no_conversation(store: Store) -> None:
    await store.take(event("e1", receipt(ReceiptState.READ, until=99)))

    assert (await store.counts())["conversations"] == 0
    assert (await store.counts())["events"] == 1


@pytest.mark.parametrize("state", [EventState.IGNORED, EventState.QUARANTINED, EventState.STORED])
async def test_an_event_without_facts_is_kept_raw_whatever_became_of_it(store: Store, state: EventState) -> None:
    await store.take(IncomingEvent(PAGE, "k", "1-0", "page.connected", b"{}", 1, state, error="why"))

    assert await store.event_states() == {"k": (state, "why")}


async def test_the_next_offset_is_kept_with_the_updates(store: Store) -> None:
    await store.inbox.apply(IncomingBatch([event("e1", said("m1"), channel=BOT)], NextOffset(BOT, 42)))

    assert await store.channels.next_offset(1) == 42


async def test_a_batch_that_cannot_be_stored_leaves_nothing_neither_events_nor_offset(store: Store) -> None:
    await store.inbox.apply(IncomingBatch([event("e0", channel=BOT)], NextOffset(BOT, 7)))
    before = await store.counts()
    unstorable = said("m2", at=2**80)

    with pytest.raises(Exception, match=r"(?i)int too large|bigint out of range"):
        await store.inbox.apply(
            IncomingBatch([event("e1", said("m1"), channel=BOT), event("e2", unstorable)], NextOffset(BOT, 8))
        )

    assert await store.counts() == before
    assert await store.channels.next_offset(1) == 7


async def test_a_thousand_conversations_in_one_batch_are_found_again(store: Store) -> None:
    batch = [event(f"e{n}", said(f"m{n}", who=f"p{n}")) for n in range(6000)]

    assert (await store.take(*batch)).messages == 6000
    assert (await store.take(*batch)).messages == 0
    assert (await store.take(*(event(f"f{n}", said(f"x{n}", who=f"p{n}")) for n in range(6000)))).messages == 6000
    assert (await store.counts())["conversations"] == 6000


async def test_pages_of_a_list_meet_without_gap_or_overlap(store: Store) -> None:
    await store.take(*(event(f"e{n}", said(f"m{n}", str(n), at=n // 2)) for n in range(10)))
    seen: list[str] = []
    before: Cursor | None = None
    while page := await store.reader.messages(1, limit=3, before=before):
        seen += [message.text for message in page]
        before = page[-1].cursor

    assert seen == [str(n) for n in reversed(range(10))]


async def test_pages_of_conversations_meet_while_new_messages_arrive(store: Store) -> None:
    await store.take(*(event(f"e{n}", said(f"m{n}", who=f"p{n}", at=n)) for n in range(6)))
    first = await store.reader.conversations(limit=3, before=None)
    await store.take(event("late", said("late", who="p5", at=100)))
    second = await store.reader.conversations(limit=3, before=first[-1].cursor)

    assert [each.key for each in [*first, *second]] == ["p5", "p4", "p3", "p2", "p1", "p0"]


async def test_contacts_come_in_pages_too(store: Store) -> None:
    await store.take(*(event(f"e{n}", said(f"m{n}", who=f"p{n}")) for n in range(3)))
    first = await store.reader.contacts(limit=2, before=None)
    second = await store.reader.contacts(limit=2, before=first[-1].id)

    assert [each.key for each in [*first, *second]] == ["p2", "p1", "p0"]


async def test_what_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(ConversationNotFound, match="no conversation 5"):
        await store.reader.messages(5, limit=1, before=None)
    with pytest.raises(MessageNotFound, match="no message 5"):
        await store.reader.message(5)


async def test_every_table_is_in_the_counts_used_here(store: Store) -> None:
    """The repeats above would prove nothing about a table that is not counted."""
    assert set(await store.counts()) == {
        "channels",
        "contacts",
        "conversations",
        "messages",
        "attachments",
        "media",
        "events",
        "gaps",
        "gap_threads",
    }


async def test_a_poller_that_is_stopped_at_any_moment_leaves_no_lock_behind(store: Store) -> None:
    """Stopped before its first step, in the middle, after its last: the next writer never finds the database locked."""
    for step in range(60):
        batch = IncomingBatch([event(f"e{step}", said(f"m{step}"), channel=BOT)], NextOffset(BOT, step))
        task = asyncio.create_task(store.inbox.apply(batch))
        for _ in range(step):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.take(event(f"after{step}", said(f"after{step}"), channel=BOT))

    assert len([text for text in await store.texts() if text]) >= 60
