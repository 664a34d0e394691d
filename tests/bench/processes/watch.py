"""Watches an on-site client's SQLite database from outside, and notes when each event became visible there.

An event is visible to another process when its transaction is committed, and with `synchronous=FULL` that is after it
was flushed (https://www.sqlite.org/wal.html). So "stored" is what a reader sees, and not what the client says of
itself. What is noted is late by one look at the most.

Prints a line when it begins to look; when all are there or SIGTERM comes, a line of JSON: [[event id, mid, time], …].
Then it stays until SIGTERM, so that somebody can ask the system how much it used.
"""

import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple

import msgspec

WATCHING = "watching"
_NEWEST = "SELECT coalesce(max(id), 0) FROM events"
_ROWS = "SELECT id, source_id, payload FROM events WHERE id > ? AND id <= ? ORDER BY id"


class Look(NamedTuple):
    """What was visible at a time."""

    newest: int
    at: float
    """By `time.monotonic`."""


class _Message(msgspec.Struct):
    mid: str


class _Payload(msgspec.Struct):
    message: _Message


_decode = msgspec.json.Decoder(_Payload).decode


class Watch:
    """Looks again and again."""

    def __init__(
        self, connection: sqlite3.Connection, *, events: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._first = self._newest()
        self._last = self._first + events
        self._stopping = threading.Event()
        self._looks = [Look(self._first, 0.0)]

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Look no more."""
        self._stopping.set()

    def run(self, *, every_s: float) -> None:
        """Look until all events are there, or until `stop`."""
        while not self.has_all and not self._stopping.is_set():
            if not self.look():
                time.sleep(every_s)  # SQLite tells nobody of another process's commit: one has to look

    @property
    def has_all(self) -> bool:
        """Whether all events are there."""
        return self._looks[-1].newest >= self._last

    def look(self) -> bool:
        """Look once; returns whether there was anything new."""
        newest = self._newest()
        if newest == self._looks[-1].newest:
            return False
        self._looks.append(Look(newest, self._clock()))
        return True

    def wait_until_stopped(self) -> None:
        """Return at SIGTERM, or at once when it came already."""
        self._stopping.wait()

    def arrivals(self) -> list[tuple[str, str, float]]:
        """Return id, mid and time of each event in the order in which the client stored them."""
        looks, found = iter(self._looks), []
        look = next(looks)
        for number, source_id, payload in self._connection.execute(_ROWS, [self._first, self._looks[-1].newest]):
            while look.newest < number:
                look = next(looks)
            found.append((source_id, _decode(payload).message.mid, look.at))
        return found

    def _newest(self) -> int:
        return int(self._connection.execute(_NEWEST).fetchone()[0])


def main() -> None:
    """Watch what the arguments name: the database's file, how many events, seconds between two looks."""
    path, events, every_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    watch = Watch(connection, events=events)
    signal.signal(signal.SIGTERM, watch.stop)
    sys.stdout.write(f"{WATCHING}\n")
    sys.stdout.flush()
    watch.run(every_s=every_s)
    sys.stdout.buffer.write(msgspec.json.encode(watch.arrivals()) + b"\n")
    sys.stdout.flush()
    watch.wait_until_stopped()


if __name__ == "__main__":
    main()
