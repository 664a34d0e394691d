"""Edits, reactions and deletions name the message that they are about; messages hold formatting, origin and more.

An event tells how often it was tried to be read.
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
    is_change = sa.text("change IS NOT NULL")
    op.create_index(
        "ix_messages_conversation_id_about_key",
        "messages",
        ["conversation_id", "about_key"],
        sqlite_where=is_change,
        postgresql_where=is_change,
    )
