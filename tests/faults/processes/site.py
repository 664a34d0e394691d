"""`python -m tests.faults.processes.site PORT FOLDER [--commits-late]`: a light site, told over stdin how to behave.

The first line of stdin is its secret; each further line a mood, `{"mood": "slow", "value": 2.5}`. It ends with stdin,
so that it never outlives who started it. It imports nothing of the product: signature, batch and receipt are read and
written here as docs/protocol.md has them, so that both sides of the protocol are not one mistake.

With `--commits-late` it is broken: it answers first and commits afterwards. The judge must notice.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.fates import Fate, fate_of
from tests.faults.processes.http import Answer, Connection, Request, listen
from tests.faults.processes.moods import Manner, Mood, manner_of, receipt
from tests.faults.processes.site_store import Inbox, PushLog

KIND_MESSAGING = "messaging"
"""What a customer's message comes as (docs/protocol.md)."""
COMMITS_LATE_BY_S = 0.4

Events = Sequence[dict[str, Any]]


class LightSite:
    """One site."""

    def __init__(self, folder: Path, secret: str, *, commits_late: bool) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._inbox = Inbox(folder)
        self._log = PushLog(folder)
        self._commits_late = commits_late
        self._mood = Mood.FINE
        self._value = 0.0
        self._pushes = 0
        self._changed = asyncio.Event()

    def become(self, mood: Mood, value: float) -> None:
        """Change the mood; whoever waits because of the old one is let go."""
        self._mood, self._value, self._pushes = mood, value, 0
        self._changed.set()
        self._changed = asyncio.Event()

    async def handle(self, connection: Connection, request: Request) -> bool:
        """Treat a request; returns whether the connection stays open."""
        if (request.method, request.path) != ("POST", "/relay/events"):
            return await connection.answer(Answer(404))
        if not self._signed(request):
            self._log.bad_signature()
            return await connection.answer(Answer(401))
        events = json.loads(request.body)["events"]
        number = self._log.begin([(event["id"], _mid(event)) for event in events])
        taken = stays = False
        try:
            taken, stays = await self._take(connection, events)
        finally:
            self._log.end(number, taken=taken)
        return stays

    async def _take(self, connection: Connection, events: Events) -> tuple[bool, bool]:
        """Return whether a receipt was sent, and whether the connection stays open."""
        if any(fate_of(_mid(event)) is Fate.BLOCKED for event in events):
            return False, await connection.answer(Answer(403))
        manner = manner_of(self._mood, value=self._value, push=self._pushes, events=len(events))
        self._pushes += 1
        refused = [event for event in events if fate_of(_mid(event)) is Fate.REJECTED]
        if manner.commits and not self._commits_late:
            self._store(events)
        if manner.hangs or manner.late_by_s:
            gone = await connection.gone_before(self._changed, manner.late_by_s or None)
            if gone or manner.hangs:
                return False, False
        if manner.closes:
            return False, False
        right = receipt([event["id"] for event in events], [event["id"] for event in refused])
        sent = await connection.answer(manner.answer or right)
        if self._commits_late:
            await self._commit_late(manner, events)
        return sent and manner.answer is None, sent

    def _store(self, events: Events) -> None:
        mids = [(_mid(event), event["page_id"]) for event in events if event["kind"] == KIND_MESSAGING]
        wanted = [(mid, page) for mid, page in mids if fate_of(mid) is Fate.TAKEN]
        self._inbox.store(wanted, [mid for mid, _page in mids if fate_of(mid) is Fate.REJECTED])

    async def _commit_late(self, manner: Manner, events: Events) -> None:
        await asyncio.sleep(COMMITS_LATE_BY_S)
        if manner.commits:
            self._store(events)

    def _signed(self, request: Request) -> bool:
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        right = "v1," + base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        return any(hmac.compare_digest(right, each) for each in request.headers["webhook-signature"].split())


def _mid(event: dict[str, Any]) -> str:
    """Return whose message it is; the relay's own news is nobody's, and taken like all that a site does not know."""
    if event["kind"] != KIND_MESSAGING:
        return ""
    mid: str = event["payload"]["message"]["mid"]
    return mid


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def serve(port: int, folder: Path, *, commits_late: bool) -> None:
    """Serve until stdin ends."""
    lines = await _lines()
    site = LightSite(folder, (await lines.readline()).decode().strip(), commits_late=commits_late)
    server = await listen(port, site.handle)
    while line := await lines.readline():
        told = json.loads(line)
        site.become(Mood(told["mood"]), float(told["value"]))
    server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), commits_late="--commits-late" in sys.argv[3:]))
