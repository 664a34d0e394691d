"""A store's methods as transactions: each marked `reading` or `writing` is one, from its first line to its last.

Such a method is written as plain code on a connection and called as a coroutine without one: `Database` runs it in a
thread. So nothing in it can wait for anything but the database, and it costs one change of threads however many
statements it has. What must happen together is in one method.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from onsite.adapters.sql.database import Database

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_Store = TypeVar("_Store", bound="SqlStore")

_Work = Callable[Concatenate[_Store, Connection, _Arguments], _Result]
_Method = Callable[Concatenate[_Store, _Arguments], Coroutine[Any, Any, _Result]]


class SqlStore:
    """Whatever keeps something in the database."""

    def __init__(self, database: Database) -> None:
        self.database = database


def reading(work: _Work[_Store, _Arguments, _Result]) -> _Method[_Store, _Arguments, _Result]:
    """Let a method look at one consistent state. Called, it raises StoreUnavailable."""

    @wraps(work)
    async def read(store: _Store, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        return await store.database.read(lambda connection: work(store, connection, *args, **kwargs))

    return read


def writing(work: _Work[_Store, _Arguments, _Result]) -> _Method[_Store, _Arguments, _Result]:
    """Let a method change everything or nothing. Called, it raises StoreUnavailable."""

    @wraps(work)
    async def write(store: _Store, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        return await store.database.write(lambda connection: work(store, connection, *args, **kwargs))

    return write
