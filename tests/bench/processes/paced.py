"""Senders that keep to a schedule whatever the answers do (an open loop): how long each webhook takes. Prints JSON.

The loop waits with `select`, whose timeout counts microseconds; the usual one counts milliseconds, which would blur
what is measured here.
"""

import asyncio
import json
import selectors
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from tests.bench.processes.sender import Sender
from tests.bench.schedule import Flow, due_times
from tests.bench.traffic import Body, Traffic, request_of, webhook_body

START_IN_S = 0.2


class Posted(NamedTuple):
    """What became of one webhook; times by `time.monotonic`, which all processes of a machine share."""

    site: int
    sender: int
    first: int
    due_at: float
    sent_at: float
    """Later than due where the harness itself was late, or the connection still waited for an answer."""
    answered_at: float


class Paced(NamedTuple):
    """What came of all flows."""

    posted: Sequence[Sequence[Posted]]
    """Of each flow, in no certain order."""
    cpu_s: float
    cpu_in_all_s: float
    """The same with all preparations."""
    statuses: dict[str, int]


class Due(NamedTuple):
    """A request and when it is due, in seconds after the start."""

    at: float
    body: Body
    request: bytes


class PunctualSender(Sender):
    """Sends when it is told, or as soon after as the answer before has come."""

    def __init__(self, count: int, *, finished: asyncio.Future[None]) -> None:
        super().__init__(finished=finished)
        self._left = count
        self._waiting: deque[tuple[float, Due]] = deque()
        self._under_way: tuple[float, float, Body] | None = None
        self.posted: list[Posted] = []

    def post(self, due_at: float, due: Due) -> None:
        """Send a request, after those before it."""
        self._waiting.append((due_at, due))
        if self._under_way is None:
            self._send_next()

    def answered(self, at: float) -> None:
        if self._under_way is None:
            raise ConnectionError("an answer came to nothing that was asked")
        due_at, sent_at, body = self._under_way
        self.posted.append(Posted(body.site, body.sender, body.first, due_at, sent_at, at))
        self._under_way = None
        self._left -= 1
        if self._waiting:
            self._send_next()
        elif not self._left:
            self.finished.set_result(None)

    def _send_next(self) -> None:
        due_at, due = self._waiting.popleft()
        self._under_way = (due_at, time.monotonic(), due.body)
        self.send(due.request)


async def post_all(port: int, flows: Sequence[Flow]) -> Paced:
    """Send all flows, each over connections of its own. Raises OSError when a connection breaks."""
    requests = [_requests_of(flow, host=f"127.0.0.1:{port}") for flow in flows]
    senders = [await _connect(port, flow, due) for flow, due in zip(flows, requests, strict=True)]
    timetable = sorted(
        ((due.at, line[due.body.sender], due) for line, dues in zip(senders, requests, strict=True) for due in dues),
        key=lambda entry: entry[0],
    )
    cpu_before = time.process_time()
    await _keep_to(timetable)
    everybody = [sender for line in senders for sender in line]
    await asyncio.gather(*(sender.finished for sender in everybody))
    cpu_after = time.process_time()
    statuses = sum((sender.statuses for sender in everybody), Counter[str]())
    posted = [[one for sender in line for one in sender.posted] for line in senders]
    return Paced(posted, cpu_after - cpu_before, time.process_time(), dict(statuses))


def _requests_of(flow: Flow, *, host: str) -> list[Due]:
    return [Due(at, body, request_of(webhook_body(body, flow.traffic), host=host)) for at, body in due_times(flow)]


async def _connect(port: int, flow: Flow, requests: Sequence[Due]) -> list[PunctualSender]:
    loop = asyncio.get_running_loop()
    counts = Counter(due.body.sender for due in requests)
    senders = []
    for index in range(min(flow.traffic.senders, len(requests))):
        make = partial(PunctualSender, counts[index], finished=loop.create_future())
        _, sender = await loop.create_connection(make, "127.0.0.1", port)
        senders.append(sender)
    return senders


async def _keep_to(timetable: Sequence[tuple[float, PunctualSender, Due]]) -> None:
    start_at = time.monotonic() + START_IN_S
    for at, sender, due in timetable:
        due_at = start_at + at
        # Also where we are late: answers must not wait until we have caught up.
        await asyncio.sleep(max(0.0, due_at - time.monotonic()))
        sender.post(due_at, due)


def main() -> None:
    """Send what the arguments name: port, then the flows as JSON."""
    flows = [Flow(Traffic(**flow.pop("traffic")), **flow) for flow in json.loads(sys.argv[2])]
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        paced = runner.run(post_all(int(sys.argv[1]), flows))
    sys.stdout.write(json.dumps(paced._asdict()))


if __name__ == "__main__":
    main()
