"""The sites of a history: light ones, and the on-site client itself. Each is a process, and tells what it stored."""

import asyncio
import json
import signal
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.faults.ledger import Push, Stored
from tests.faults.processes.moods import Mood
from tests.faults.processes.site_store import INBOX, LOG
from tests.faults.run.service import Service, python
from tests.world.watching import eventually

Announce = Callable[[str, str], Awaitable[None]]
"""Tells the relay that a site of this name, with this secret, takes events again."""


class Site(ABC):
    """What both kinds are to a history."""

    def __init__(self, name: str, port: int, service: Service) -> None:
        self.name = name
        self.port = port
        self.service = service

    async def back(self) -> None:  # noqa: B027  the on-site client does by itself what it does when it starts
        """Do what a site does when it serves again after it was away."""

    @abstractmethod
    def prepare(self, secret: str) -> None:
        """Hand over the secret that the relay made."""

    def watch(self) -> None:  # noqa: B027  for those whose rows carry no time
        """Look at what is stored now, so that its time is known."""

    async def listens(self) -> bool:
        """Whether it takes connections now."""
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    @abstractmethod
    def stored(self) -> list[Stored]:
        """Return the rows of the inbox in the order in which they were committed."""


class _LightService(Service):
    """A process that leaves it to the system to end it when it is asked to, and gets its secret with each start."""

    secret = ""

    async def _spawn(self) -> None:
        await super()._spawn()
        self.tell(self.secret)

    def _ends_by_signal(self, code: int) -> bool:
        return code == -signal.SIGTERM


class LightSite(Site):
    """A site of `tests.faults.processes.site`."""

    def __init__(
        self, name: str, port: int, folder: Path, *, announce: Announce | None = None, commits_late: bool = False
    ) -> None:
        """`announce` tells the relay that the site is back; None for one that does not."""
        command = python("tests.faults.processes.site", str(port), str(folder))
        command += ["--commits-late"] if commits_late else []
        self._light = _LightService(name, command, env={}, log=folder / "site.log")
        self._folder = folder
        self._announce = announce
        super().__init__(name, port, self._light)

    def prepare(self, secret: str) -> None:
        """See `Site.prepare`."""
        self._light.secret = secret

    async def back(self) -> None:
        """See `Site.back`."""
        if self._announce is not None:
            await eventually(self.listens, bool)
            await self._announce(self.name, self._light.secret)

    def become(self, mood: Mood, value: str = "") -> None:
        """Tell it how to treat pushes from now on."""
        self.service.tell(json.dumps({"mood": mood.value, "value": value or 0}))

    def stored(self) -> list[Stored]:
        """See `Site.stored`."""
        rows = self._rows("SELECT mid, at FROM events ORDER BY place")
        return [Stored(self.name, mid, at) for mid, at in rows]

    def refused(self) -> frozenset[str]:
        """Return the mids that it refused for good."""
        return frozenset(mid for (mid,) in self._rows("SELECT mid FROM refused"))

    def pushes(self) -> list[Push]:
        """Return every push that came."""
        return list(_pushes(self.name, self._lines()))

    def bad_signatures(self) -> int:
        """Return how many pushes carried a wrong signature."""
        return sum(line["what"] == "bad signature" for line in self._lines())

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return _rows(self._folder / INBOX, query)

    def _lines(self) -> list[dict[str, Any]]:
        path = self._folder / LOG
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class RealSite(Site):
    """The on-site client with its own database."""

    def __init__(self, name: str, port: int, folder: Path, *, relay_url: str) -> None:
        self._log = folder / "onsite.log"
        super().__init__(name, port, Service(name, (), env={}, log=self._log))
        self._database = folder / "data" / "onsite.db"
        self._seen: list[tuple[int, float]] = []
        """Highest id of an event at a time, whenever it had grown."""
        self._env = {
            "ONSITE_SITE": name,
            "ONSITE_RELAY_URL": relay_url,
            "ONSITE_DATA_DIR": str(folder / "data"),
            "ONSITE_PORT": str(port),
            # Nobody listens there, and nobody has to: no reply is sent, and no bot is polled.
            "ONSITE_GRAPH_URL": "http://127.0.0.1:1",
            "ONSITE_TELEGRAM_URL": "http://127.0.0.1:1",
        }

    def prepare(self, secret: str) -> None:
        """See `Site.prepare`."""
        env = self._env | {"ONSITE_RELAY_SECRET": secret}
        self.service = Service(self.name, python("onsite", "run"), env=env, log=self._log)

    def watch(self) -> None:
        """See `Site.watch`."""
        rows = _rows(self._database, "SELECT coalesce(max(id), 0) FROM events")
        highest = rows[0][0] if rows else 0
        if highest > (self._seen[-1][0] if self._seen else 0):
            self._seen.append((highest, time.monotonic()))

    def stored(self) -> list[Stored]:
        """See `Site.stored`. Messages are read from where operators read them; the event of each tells its time."""
        query = (
            "SELECT messages.key, events.id FROM messages JOIN conversations ON conversations.id = conversation_id"
            " LEFT JOIN events ON events.channel_id = conversations.channel_id AND events.key = 'm:' || messages.key"
            " WHERE direction = 'inbound' ORDER BY messages.id"
        )
        return [Stored(self.name, mid, self._time_of(event)) for mid, event in _rows(self._database, query)]

    def _time_of(self, event: int | None) -> float | None:
        return next((at for highest, at in self._seen if event is not None and event <= highest), None)


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Read a database that another process writes; one that is not there yet, or not whole yet, holds nothing."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5.0)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def _pushes(site: str, lines: list[dict[str, Any]]) -> Iterator[Push]:
    """Put the begin and the end of each push together; what has no end was cut off before the site's next start."""
    under_way: dict[int, dict[str, Any]] = {}
    for line in [*lines, {"what": "start", "at": float("inf")}]:
        match line["what"]:
            case "begin":
                under_way[line["push"]] = line
            case "end":
                yield _push(site, under_way.pop(line["push"]), line["at"], taken=line["taken"])
            case "start":
                for begun in under_way.values():
                    yield _push(site, begun, line["at"], taken=False)
                under_way.clear()


def _push(site: str, begun: dict[str, Any], ended_at: float, *, taken: bool) -> Push:
    events = [(event_id, mid) for event_id, mid in begun["events"]]
    return Push(site, begun["at"], ended_at, events, taken=taken)
