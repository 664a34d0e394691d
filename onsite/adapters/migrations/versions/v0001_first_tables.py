"""The first tables: channels, contacts, conversations, messages, attachments, events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _channels_and_contacts()
    _conversations()
    _messages()
    _attachments()
    _events()


def _channels_and_contacts() -> None:
    op.create_table(
        "channels",
        sa.Column("id", _Id, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sealed_token", sa.Text),
        sa.Column("sealed_proof", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("next_offset", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        sa.UniqueConstraint("platform", "external_id", name="uq_channels_platform_external_id"),
    )
    op.create_table(
        "contacts",
        sa.Column("id", _Id, nullable=False),
        sa.Column("channel_id", _Id, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_contacts_channel_id"),
        sa.UniqueConstraint("channel_id", "key", name="uq_contacts_channel_id_key"),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", _Id, nullable=False),
        sa.Column("channel_id", _Id, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("contact_id", _Id),
        sa.Column("last_at_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("delivered_until_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("read_until_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_conversations_channel_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_conversations_contact_id"),
        sa.UniqueConstraint("channel_id", "key", name="uq_conversations_channel_id_key"),
    )
    op.create_index("ix_conversations_last_at_ms_id", "conversations", ["last_at_ms", "id"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _Id, nullable=False),
        sa.Column("conversation_id", _Id, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("contact_id", _Id),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("reply_to_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text),
        sa.Column("correlation", sa.Text),
        sa.Column("client_id", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("failure_code", sa.Text, nullable=False, server_default=""),
        sa.Column("failure", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_messages_contact_id"),
        sa.UniqueConstraint("conversation_id", "direction", "key", name="uq_messages_conversation_id_direction_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_conversation_id_sent_at_ms_id", "messages", ["conversation_id", "sent_at_ms", "id"])
    _partial_index("messages", ["state", "conversation_id", "sent_at_ms"], where="state IS NOT NULL")
    _partial_index("messages", ["correlation"], where="correlation IS NOT NULL", unique=True)
    _partial_index("messages", ["conversation_id", "client_id"], where="client_id IS NOT NULL", unique=True)


def _partial_index(table: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", _Id, nullable=False),
        sa.Column("message_id", _Id, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("file_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mime_type", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("latitude", sa.Float),
        sa.Column("longitude", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attachments_message_id", ondelete="CASCADE"),
        sa.UniqueConstraint("message_id", "position", name="uq_attachments_message_id_position"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", _Id, nullable=False),
        sa.Column("channel_id", _Id, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("received_at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_events_channel_id"),
        sa.UniqueConstraint("channel_id", "key", name="uq_events_channel_id_key"),
    )
    _partial_index("events", ["state"], where="state = 'quarantined'")
