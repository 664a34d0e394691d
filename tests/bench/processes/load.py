"""The senders: raw HTTP/1.1 over kept connections, with requests written beforehand. Prints what came of it as JSON.

As cheap as Python allows, so that the harness is not what is measured: no HTTP library, no copy of a body, no task for
each request. Each connection has one request under way; the clock starts when all of them are open.
"""

import asyncio
import json
import math
import re
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from shared.runtime import run_async
from tests.bench.traffic import Traffic, requests_of

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"
_STATUS = slice(len(b"HTTP/1.1 "), len(b"HTTP/1.1 200"))


class Sent(NamedTuple):
    """What came of the traffic."""

    started_at: float
    """By `time.monotonic`, which all processes of a machine share."""
    finished_at: float
    """When the last answer came."""
    cpu_s: float
    """What the senders themselves used in between."""
    cpu_in_all_s: float
    """The same with all preparations."""
    answer_p50_ms: float
    """How long half of the requests waited for their answer at the most."""
    answer_p99_ms: float
    statuses: dict[str, int]


class Sender(asyncio.Protocol):
    """One connection: sends its requests one after the other."""

    def __init__(self, requests: Sequence[bytes], *, finished: asyncio.Future[None]) -> None:
        self._requests = iter(requests)
        self._finished = finished
        self._answer = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self.latency_ms = array("d")
        self.statuses: Counter[str] = Counter()

    def start(self, transport: asyncio.WriteTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._send_next()

    def _send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._finished.set_result(None)
        elif self._transport is not None:
            self._sent_at = time.monotonic()
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not is_whole(self._answer):
            return
        self.latency_ms.append((time.monotonic() - self._sent_at) * 1000)
        self.statuses[self._answer[_STATUS].decode()] += 1
        self._answer = b""
        self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished.done():
            self._finished.set_exception(exc or ConnectionError("the server closed the connection"))


def is_whole(answer: bytes) -> bool:
    """Whether the answer is complete. Raises ValueError when it does not say how long it is."""
    end = answer.find(_END_OF_HEAD)
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end)
    if length is None:
        raise ValueError("the answer names no length")
    return len(answer) >= end + len(_END_OF_HEAD) + int(length[1])


def percentile(rising: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values, at least one and in rising order, do not exceed."""
    return rising[max(0, math.ceil(len(rising) * share) - 1)]


async def send(port: int, traffic: Traffic) -> Sent:
    """Send all of it. Raises OSError when a connection breaks."""
    loop = asyncio.get_running_loop()
    connections, ends = [], []
    for requests in requests_of(traffic, host=f"127.0.0.1:{port}"):
        end = loop.create_future()
        make = partial(Sender, requests, finished=end)
        connections.append(await loop.create_connection(make, "127.0.0.1", port))
        ends.append(end)
    started_at, cpu_before = time.monotonic(), time.process_time()
    for transport, sender in connections:
        sender.start(transport)
    await asyncio.gather(*ends)
    finished_at, cpu_after = time.monotonic(), time.process_time()
    statuses = sum((sender.statuses for _, sender in connections), Counter[str]())
    latency_ms = sorted(latency for _, sender in connections for latency in sender.latency_ms)
    p50, p99 = (percentile(latency_ms, share) for share in (0.5, 0.99))
    return Sent(started_at, finished_at, cpu_after - cpu_before, time.process_time(), p50, p99, dict(statuses))


def main() -> None:
    """Send the traffic that the arguments name: port, then the traffic as JSON."""
    sent = run_async(send(int(sys.argv[1]), Traffic(**json.loads(sys.argv[2]))))
    sys.stdout.write(json.dumps(sent._asdict()))


if __name__ == "__main__":
    main()
