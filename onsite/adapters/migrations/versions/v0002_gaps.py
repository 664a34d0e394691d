"""Gaps, how far each is read, and a mark on the messages that were found this way."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    # Not in a batch, which would copy the whole table: SQLite adds such a column without touching a row.
    op.add_column("messages", sa.Column("backfilled", sa.Integer, nullable=False, server_default="0"))
    _gaps()
    _gap_threads()


def _gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", _Id, nullable=False),
        sa.Column("channel_id", _Id, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False, server_default=""),
        sa.Column("listed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("merged_into", _Id),
        sa.PrimaryKeyConstraint("id", name="pk_gaps"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_gaps_channel_id"),
        sa.ForeignKeyConstraint(["merged_into"], ["gaps.id"], name="fk_gaps_merged_into"),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("state IN ('waiting', 'stopped')")
    op.create_index(
        "ix_gaps_channel_id_state", "gaps", ["channel_id", "state"], sqlite_where=is_open, postgresql_where=is_open
    )


def _gap_threads() -> None:
    op.create_table(
        "gap_threads",
        sa.Column("id", _Id, nullable=False),
        sa.Column("gap_id", _Id, nullable=False),
        sa.Column("thread_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False, server_default=""),
        sa.Column("found", sa.Integer, nullable=False, server_default="0"),
        sa.Column("missing", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_gap_threads"),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"], name="fk_gap_threads_gap_id", ondelete="CASCADE"),
        sa.UniqueConstraint("gap_id", "thread_id", name="uq_gap_threads_gap_id_thread_id"),
    )
    op.create_index("ix_gap_threads_gap_id_state", "gap_threads", ["gap_id", "state"])
