"""What a light site keeps: an inbox in SQLite, committed before it answers, and a log of every push that came.

The inbox has a unique key as the on-site client's has, so that what comes twice is there once. The log is no promise of
the site's but evidence for the judge: every push with everything it carried, its end, and what came of it. It survives
a kill -9 as written, since the system keeps what was handed to it.
"""

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

INBOX = "inbox.db"
LOG = "pushes.jsonl"

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    place INTEGER PRIMARY KEY AUTOINCREMENT, mid TEXT NOT NULL UNIQUE, page TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refused (mid TEXT NOT NULL UNIQUE, at REAL NOT NULL);
"""


class Inbox:
    """The database of one site."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / INBOX, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_TABLES)

    def store(self, wanted: Sequence[tuple[str, str]], refused: Sequence[str]) -> None:
        """Commit events, given as mid and page, and the mids of those refused for good."""
        at = time.monotonic()
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT OR IGNORE INTO events (mid, page, at) VALUES (?, ?, ?)", [(mid, page, at) for mid, page in wanted]
        )
        self._database.executemany("INSERT OR IGNORE INTO refused (mid, at) VALUES (?, ?)", [(m, at) for m in refused])
        self._database.execute("COMMIT")


class PushLog:
    """The log of one site."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._number = 0
        self._write({"what": "start"})

    def begin(self, events: Sequence[tuple[str, str]]) -> int:
        """Note a push that came, with the outbox id and mid of each event; returns its number."""
        self._number += 1
        self._write({"what": "begin", "push": self._number, "events": events})
        return self._number

    def end(self, number: int, *, taken: bool) -> None:
        """Note that a push is over, and whether it was answered with a receipt."""
        self._write({"what": "end", "push": number, "taken": taken})

    def bad_signature(self) -> None:
        """Note a push whose signature is wrong."""
        self._write({"what": "bad signature"})

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, (json.dumps(line | {"at": time.monotonic()}) + "\n").encode())
