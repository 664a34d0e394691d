"""Edits, reactions and deletions name the message that they are about; messages hold formatting, origin and more.

An event tells how often it was tried to be read; a conversation, what of it was seen and where it was closed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Not in a batch, which would copy the whole table: SQLite adds such columns without touching a row.
    op.add_column("messages", sa.Column("change", sa.Text))
    op.add_column("messages", sa.Column("about_key", sa.Text, nullable=False, server_default=""))
    op.add_column("messages", sa.Column("details", sa.Text))
    op.add_column("attachments", sa.Column("description", sa.Text, nullable=False, server_default=""))
    op.add_column("events", sa.Column("tries", sa.Integer, nullable=False, server_default="1"))
    op.add_column("conversations", sa.Column("seen_id", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("closed_id", sa.BigInteger))
    op.add_column("conversations", sa.Column("reachable", sa.Integer, nullable=False, server_default="1"))
    op.add_column("conversations", sa.Column("reach_at_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("moved_to_key", sa.Text))
    op.add_column("contacts", sa.Column("profile_again_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_contacts_channel_id_profile_again_ms", "contacts", ["channel_id", "profile_again_ms"])
    op.create_index("ix_conversations_contact_id", "conversations", ["contact_id"])
    _index("ix_messages_conversation_id_about_key", ["conversation_id", "about_key"], where="change IS NOT NULL")
    _index("ix_messages_of_contacts", ["conversation_id", "id"], where="author = 'contact'")
    _index("ix_messages_outbound", ["conversation_id", "sent_at_ms", "id"], where="direction = 'outbound'")


def _index(name: str, columns: list[str], *, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "messages", columns, sqlite_where=condition, postgresql_where=condition)
