"""Statements that are made once say the same in both databases, and find the same past SQLAlchemy as through it."""

import sqlite3
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Dialect, bindparam, create_engine, insert, select, update
from sqlalchemy.dialects import registry

from onsite.adapters.sql import statements
from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.statements import among, fetch, fetch_each
from onsite.adapters.sql.tables import channels, metadata
from onsite.core.model import Platform

POSTGRESQL: Dialect = registry.load("postgresql.psycopg")()
SQLITE: Dialect = registry.load("sqlite")()

_FIND = select(channels.c.id, channels.c.name).where(among(channels.c.external_id)).order_by(channels.c.id)
_FIND_OURS = (
    select(channels.c.name)
    .where(channels.c.platform == Platform.FACEBOOK, among(channels.c.external_id), among(channels.c.id, "ids"))
    .order_by(channels.c.id)
)
_RENAME = update(channels).where(channels.c.external_id == bindparam("_id")).values(name=bindparam("_name"))
_ADD = insert(channels).returning(channels.c.external_id, channels.c.id)

COLUMNS = {"platform": Platform.FACEBOOK, "state": "ok", "sentence": ""}


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", connect_args={"isolation_level": None})
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def _add(connection: Connection, *names: str) -> None:
    fetch_each(connection, _ADD, [COLUMNS | {"external_id": name, "name": name.upper()} for name in names])


@pytest.mark.parametrize(
    ("dialect", "wording"),
    [
        pytest.param(POSTGRESQL, "channels.external_id = ANY(%(among)s)", id="postgresql"),
        pytest.param(SQLITE, "channels.external_id IN (SELECT value FROM json_each(?))", id="sqlite"),
    ],
)
def test_a_list_is_one_value_in_both_databases(dialect: Dialect, wording: str) -> None:
    assert wording in str(_FIND.compile(dialect=dialect))


def test_rows_are_found_among_any_values_and_have_names(connection: Connection) -> None:
    _add(connection, "a", "b", "c")

    found = fetch(connection, _FIND, {"among": {"c", "a", "zzz"}})

    assert [(row.id, row.name) for row in found] == [(1, "A"), (3, "C")]
    assert [list(row) for row in found] == [[1, "A"], [3, "C"]]


def test_values_in_the_statement_and_two_lists_stand_in_their_places(connection: Connection) -> None:
    _add(connection, "a", "b", "c")

    assert [row.name for row in fetch(connection, _FIND_OURS, {"among": ["a", "b", "c"], "ids": {2, 3}})] == ["B", "C"]
    assert fetch(connection, _FIND_OURS, {"among": [], "ids": {2}}) == []


def test_each_row_that_goes_in_returns_what_it_became(connection: Connection) -> None:
    rows = [COLUMNS | {"external_id": name, "name": ""} for name in ("a", "b", "a")]

    added = insert_new(connection, channels, rows, channels.c.external_id, channels.c.id)

    assert [tuple(row) for row in added] == [("a", 1), ("b", 2)]
    assert insert_new(connection, channels, rows, channels.c.id) == []
    assert insert_new(connection, channels, [], channels.c.id) == []


def test_a_statement_without_rows_returns_none(connection: Connection) -> None:
    _add(connection, "a")

    assert fetch(connection, _RENAME, {"_id": "a", "_name": "new"}) == []
    assert [row.name for row in fetch(connection, _FIND, {"among": ["a"]})] == ["new"]


def test_what_the_database_refuses_is_the_drivers_error(connection: Connection) -> None:
    _add(connection, "a")

    with pytest.raises(sqlite3.IntegrityError):
        _add(connection, "a")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), unique=True))
def test_any_text_is_found_again(names: list[str]) -> None:
    engine = create_engine("sqlite://", connect_args={"isolation_level": None})
    with engine.connect() as connection:
        metadata.create_all(connection)
        _add(connection, *names)

        assert [row.name for row in fetch(connection, _FIND, {"among": names})] == [name.upper() for name in names]
    engine.dispose()


def test_a_server_is_asked_through_sqlalchemy() -> None:
    """Without a server: what SQLAlchemy is given, and that a set has become a list, as drivers take only those."""

    class Server:
        dialect = POSTGRESQL
        asked: object = None

        def execute(self, _statement: object, values: object) -> "Server":
            self.asked = values
            return self

        returns_rows = False

    server = Server()
    with patch.object(statements, "_fetch_plainly", side_effect=AssertionError):
        assert fetch(server, _FIND, {"among": {"a"}, "name": "b"}) == []  # type: ignore[arg-type]  # stands in for one

    assert server.asked == {"among": ["a"], "name": "b"}
