"""Where a site's SQLite file is, and a look into one that neither makes a file nor changes any. Not how it is used.

SQLite makes what it is told to open, and turns another program's file to write-ahead logging as readily as its own: so
whoever only wants to look asks here first.
"""

import sqlite3
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import SecretStr
from sqlalchemy import URL

from onsite.adapters.sql.database import url_of
from onsite.engine.errors import StoreUnavailable

_IN_MEMORY = frozenset({None, "", ":memory:"})


def sqlite_path(url: SecretStr | None, data_dir: Path) -> Path | None:
    """Return the file of the database; None where it is none, but a server's. Raises UserError for no address."""
    target = url_of(url, data_dir)
    if target.get_backend_name() != "sqlite" or target.database in _IN_MEMORY:
        return None
    name = str(target.database)
    if name.startswith("file:"):  # https://www.sqlite.org/uri.html
        return Path(url2pathname(urlsplit(name).path))
    return Path(name)


def existing_only(path: Path) -> URL:
    """Return the address under which SQLite opens a file to be written, and makes none."""
    return URL.create("sqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"})


def tables_in(path: Path) -> frozenset[str]:
    """Name the tables of a file that is there; it is left as it is. Raises StoreUnavailable where it cannot be read."""
    # Where no log lies beside it, the file is the whole truth, and SQLite needs no file of its own to read it.
    log = path.with_name(f"{path.name}-wal")
    quietly = "" if log.exists() else "&immutable=1"
    try:
        with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{quietly}", uri=True) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path} cannot be read as a database: {error}") from None
    return frozenset(name for (name,) in rows if not name.startswith("sqlite_"))
