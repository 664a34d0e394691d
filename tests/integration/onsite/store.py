"""A store with everything in it, and short ways to fill it and to look into it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy import event as sqlalchemy_event

from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import Database
from onsite.adapters.sql.gaps import SqlGaps
from onsite.adapters.sql.inbox import SqlInbox
from onsite.adapters.sql.outbox import SqlOutbox
from onsite.adapters.sql.reader import SqlReader
from onsite.adapters.sql.replies import SqlReplies
from onsite.adapters.sql.tables import events, metadata
from onsite.core.model import Author, Direction, Fact, Kind, MessageFact, Person, Platform, ReceiptFact, ReceiptState
from onsite.core.sending import SendEvent, SendState
from onsite.engine.channels import ChannelRef
from onsite.engine.incoming import Applied, EventState, IncomingBatch, IncomingEvent
from onsite.engine.outgoing import NewReply, Settlement
from onsite.engine.views import ConversationView, MessageView

SQLITE, POSTGRESQL = "sqlite", "postgresql"
on_both_databases = pytest.mark.parametrize("database_url", [SQLITE, POSTGRESQL], indirect=True)
"""For tests of what the store promises whatever the database is; the others run on SQLite."""

PAGE = ChannelRef(Platform.FACEBOOK, "1122")
BOT = ChannelRef(Platform.TELEGRAM, "987654")


@dataclass(frozen=True)
class Store:
    """One database and all that works on it."""

    database: Database
    inbox: SqlInbox
    channels: SqlChannels
    replies: SqlReplies
    outbox: SqlOutbox
    reader: SqlReader

    @property
    def gaps(self) -> SqlGaps:
        """Return what keeps gaps."""
        return SqlGaps(self.database)

    async def take(self, *taken: IncomingEvent) -> Applied:
        """Store events as one batch."""
        return await self.inbox.apply(IncomingBatch(taken))

    async def conversation(self) -> ConversationView:
        """Return the only conversation."""
        (only,) = await self.reader.conversations(limit=10, before=None)
        return only

    async def messages(self) -> list[MessageView]:
        """Return the messages of the only conversation, oldest first."""
        found = await self.reader.messages((await self.conversation()).id, limit=200, before=None)
        return list(reversed(found))

    async def texts(self) -> list[str]:
        """Return what was said in the only conversation, in order."""
        return [message.text for message in await self.messages()]

    async def reply(self, text: str = "our answer", *, correlation: str = "c1", conversation_id: int = 1) -> int:
        """Queue a reply and return its id."""
        return (await self.replies.add_reply(NewReply(conversation_id, text, correlation, 5000))).message_id

    async def sent_reply(self, key: str, *, correlation: str = "c1") -> int:
        """Queue a reply and have it sent as `key`, at 6000."""
        message_id = await self.reply(correlation=correlation)
        await self.outbox.start(message_id)
        await self.outbox.settle(message_id, Settlement(SendEvent.CONFIRMED, platform_id=key), now_ms=6000)
        return message_id

    async def state(self, message_id: int) -> SendState | None:
        """Return a message's state."""
        return (await self.reader.message(message_id)).state

    async def event_states(self) -> dict[str, tuple[str, str]]:
        """Return state and error of each event by its key."""
        query = select(events.c.key, events.c.state, events.c.error)
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return {row.key: (row.state, row.error) for row in rows}

    async def counts(self) -> dict[str, int]:
        """Return how many rows each table has."""

        def count(connection: Connection) -> dict[str, int]:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

        return await self.database.read(count)


@contextmanager
def traced(database: Database, note: Callable[[str], object]) -> Iterator[None]:
    """Have `note` told each statement that SQLite runs meanwhile, with its values, in the database's threads."""
    engine = database._engine

    def begin(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(note)

    def end(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(None)

    sqlalchemy_event.listen(engine, "checkout", begin)
    sqlalchemy_event.listen(engine, "checkin", end)
    yield
    sqlalchemy_event.remove(engine, "checkout", begin)
    sqlalchemy_event.remove(engine, "checkin", end)


def event(key: str, *facts: Fact, channel: ChannelRef = PAGE, source_id: str = "1-0") -> IncomingEvent:
    """Make a translated event."""
    state = EventState.TRANSLATED if facts else EventState.STORED
    return IncomingEvent(channel, key, source_id, "messaging", b'{"item": 1}', 1000, state, tuple(facts))


def said(key: str, text: str = "hello", *, at: int = 1000, who: str = "psid-1", name: str = "") -> MessageFact:
    """State that a customer said something."""
    person = Person(who, name)
    return MessageFact(who, key, Direction.INBOUND, Author.CONTACT, at, Kind.TEXT, person, text=text)


def echo(key: str, *, correlation: str = "", at: int = 5500, text: str = "our answer") -> MessageFact:
    """State that someone of ours said something to the customer."""
    return MessageFact(
        "psid-1",
        key,
        Direction.OUTBOUND,
        Author.ELSEWHERE,
        at,
        Kind.TEXT,
        Person("psid-1"),
        text=text,
        correlation=correlation,
    )


def receipt(
    state: ReceiptState, *, keys: Sequence[str] = (), until: int | None = None, who: str = "psid-1"
) -> ReceiptFact:
    """State that the customer's device reported something."""
    return ReceiptFact(who, state, tuple(keys), until)
