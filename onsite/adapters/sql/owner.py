"""Whose tables a database holds: this program's, another's, or nobody's yet. The rule: another's is never touched."""

from collections.abc import Collection

from sqlalchemy import Connection, inspect

OURS = frozenset({"alembic_version", "channels", "messages"})
"""Tables of every release since the first; other programs have an `alembic_version` as well."""

_NAMED = 3


def tables_of(connection: Connection) -> frozenset[str]:
    """Name the tables."""
    return frozenset(inspect(connection).get_table_names())


def is_foreign(tables: Collection[str]) -> bool:
    """Whether there are tables, and these are not ours."""
    return bool(tables) and not OURS.issubset(tables)


def whose(tables: Collection[str]) -> str:
    """Say what another program's database holds: some of its tables."""
    names = sorted(tables)
    return f"it holds tables of another program ({', '.join(names[:_NAMED])}{', …' if len(names) > _NAMED else ''})"
