"""The tables. Their history is in `onsite/adapters/migrations`; a test holds the two together.

Unique keys carry the promise that every message is there once:
- an event by its key within its channel, so that a repeated delivery is a row that exists;
- a message by the platform's id within its conversation and direction (an echo may repeat an incoming message's id);
- a reply by its writer's `client_id` within its conversation.

All times are milliseconds since 1970, UTC.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives ids of its own accord only to a column of exactly the type INTEGER, which is 64 bits there.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _partial(*columns: str, where: str, unique: bool = False, name: str | None = None) -> Index:
    """Index the rows that need it; without a name, it is named after its columns."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


channels = Table(
    "channels",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sealed_token", Text),
    Column("sealed_proof", Text),
    Column("state", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("next_offset", BigInteger),
    UniqueConstraint("platform", "external_id"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel_id", ForeignKey(channels.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("language", Text, nullable=False),
    # When to ask the platform for the name again; 0: it was never asked.
    Column("profile_again_ms", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("channel_id", "key"),
    Index(None, "channel_id", "profile_again_ms"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel_id", ForeignKey(channels.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("title", Text, nullable=False),
    # The customer, in a conversation with one; a group has a title instead.
    Column("contact_id", ForeignKey(contacts.c.id)),
    # The newest message's `sent_at_ms`.
    Column("last_at_ms", BigInteger, nullable=False, server_default="0"),
    Column("delivered_until_ms", BigInteger, nullable=False, server_default="0"),
    Column("read_until_ms", BigInteger, nullable=False, server_default="0"),
    # The newest message that was there when somebody looked, and when somebody closed it. Ids, not times: what arrives
    # later is news, however old it is.
    Column("seen_id", BigInteger, nullable=False, server_default="0"),
    Column("closed_id", BigInteger),
    # Whether anything can be said in it, and since when that is known; 1: it can.
    Column("reachable", Integer, nullable=False, server_default="1"),
    Column("reach_at_ms", BigInteger, nullable=False, server_default="0"),
    # The key of the conversation in which it goes on.
    Column("moved_to_key", Text),
    UniqueConstraint("channel_id", "key"),
    Index(None, "last_at_ms", "id"),
    Index(None, "contact_id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("conversation_id", ForeignKey(conversations.c.id), nullable=False),
    # The platform's id; none before a reply of ours is known there.
    Column("key", Text),
    Column("direction", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("contact_id", ForeignKey(contacts.c.id)),
    Column("kind", Text, nullable=False),
    Column("sent_at_ms", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("reply_to_key", Text, nullable=False),
    # Set where this is what became of the message with that key, which may not be there (yet).
    Column("change", Text),
    Column("about_key", Text, nullable=False, server_default=""),
    # `onsite.core.model.Details` as JSON; most messages have none.
    Column("details", Text),
    # What follows is for outgoing messages; the rest of the outbox's columns for replies of ours alone.
    Column("state", Text),
    Column("correlation", Text),
    Column("client_id", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before_ms", BigInteger, nullable=False, server_default="0"),
    Column("failure_code", Text, nullable=False, server_default=""),
    Column("failure", Text, nullable=False, server_default=""),
    # 1: it did not come by webhook, but was found by reading the conversation afterwards.
    Column("backfilled", Integer, nullable=False, server_default="0"),
    UniqueConstraint("conversation_id", "direction", "key"),
    Index(None, "conversation_id", "sent_at_ms", "id"),
    _partial("conversation_id", "about_key", where="change IS NOT NULL"),
    # For what is unread and who waits: `onsite.adapters.sql.attention`.
    _partial("conversation_id", "id", where="author = 'contact'", name="ix_messages_of_contacts"),
    _partial("conversation_id", "sent_at_ms", "id", where="direction = 'outbound'", name="ix_messages_outbound"),
    # For the outbox, and for receipts that say "all until then".
    _partial("state", "conversation_id", "sent_at_ms", where="state IS NOT NULL"),
    _partial("correlation", where="correlation IS NOT NULL", unique=True),
    _partial("conversation_id", "client_id", where="client_id IS NOT NULL", unique=True),
    # An id that a person has seen never comes back as another message.
    sqlite_autoincrement=True,
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("message_id", ForeignKey(messages.c.id, ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("mime_type", Text, nullable=False),
    Column("size_bytes", BigInteger),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("latitude", Float),
    Column("longitude", Float),
    UniqueConstraint("message_id", "position"),
)

media = Table(
    "media",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("attachment_id", ForeignKey(attachments.c.id, ondelete="CASCADE"), nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("not_before_ms", BigInteger, nullable=False, server_default="0"),
    # Why it is not here, or not yet.
    Column("trouble", Text, nullable=False, server_default=""),
    Column("sentence", Text, nullable=False, server_default=""),
    # Names the content's file; set while it is stored. Several rows may have the same content.
    Column("sha256", Text),
    Column("size_bytes", BigInteger),
    # What the content is, by its own bytes; the attachment's is what the sender claims.
    Column("mime_type", Text, nullable=False, server_default=""),
    # Empty where there is none.
    Column("thumbnail_type", Text, nullable=False, server_default=""),
    Column("stored_at_ms", BigInteger),
    _partial("state", "not_before_ms", where="state IN ('pending', 'failed')"),
    _partial("stored_at_ms", where="state = 'stored'"),
    _partial("sha256", where="state = 'stored'"),
    # A person asks for one by its id, which therefore never comes back as another.
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel_id", ForeignKey(channels.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    # How often it was tried to be read.
    Column("tries", Integer, nullable=False, server_default="1"),
    UniqueConstraint("channel_id", "key"),
    _partial("state", where="state = 'quarantined'"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel_id", ForeignKey(channels.c.id), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sentence", Text, nullable=False, server_default=""),
    # 1: all its threads are in `gap_threads`.
    Column("listed", Integer, nullable=False, server_default="0"),
    Column("merged_into", ForeignKey("gaps.id")),
    # Facebook asked not to be called until then.
    Column("not_before_ms", BigInteger, nullable=False, server_default="0"),
    # When it was done with, or became part of another.
    Column("ended_at_ms", BigInteger),
    _partial("channel_id", "state", where="state IN ('waiting', 'stopped')"),
    # A command waits for a gap by its id, which therefore never comes back as another one.
    sqlite_autoincrement=True,
)

gap_threads = Table(
    "gap_threads",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("gap_id", ForeignKey(gaps.c.id, ondelete="CASCADE"), nullable=False),
    # Facebook's id of the thread.
    Column("thread_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("contact", Text, nullable=False, server_default=""),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("missing", Integer, nullable=False, server_default="0"),
    UniqueConstraint("gap_id", "thread_id"),
    Index(None, "gap_id", "state"),
)
