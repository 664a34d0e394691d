"""Media: where the content of each attachment is that is fetched. Those of earlier messages stay references."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", _Id, nullable=False),
        sa.Column("attachment_id", _Id, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("trouble", sa.Text, nullable=False, server_default=""),
        sa.Column("sentence", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("mime_type", sa.Text, nullable=False, server_default=""),
        sa.Column("thumbnail_type", sa.Text, nullable=False, server_default=""),
        sa.Column("stored_at_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_media"),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachments.id"], name="fk_media_attachment_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("attachment_id", name="uq_media_attachment_id"),
        sqlite_autoincrement=True,
    )
    _index("ix_media_state_not_before_ms", ["state", "not_before_ms"], where="state IN ('pending', 'failed')")
    _index("ix_media_stored_at_ms", ["stored_at_ms"], where="state = 'stored'")
    _index("ix_media_sha256", ["sha256"], where="state = 'stored'")


def _index(name: str, columns: list[str], *, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "media", columns, sqlite_where=condition, postgresql_where=condition)
