"""When a gap may be read on, and when it was done with: a pause survives a restart, and old gaps can go."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Not in a batch, which would copy the whole table: SQLite adds such columns without touching a row.
    op.add_column("gaps", sa.Column("not_before_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("gaps", sa.Column("ended_at_ms", sa.BigInteger))
    # Of those that are done, nobody noted when: not before they were over.
    op.execute("UPDATE gaps SET ended_at_ms = until_ms WHERE state IN ('merged', 'done')")
