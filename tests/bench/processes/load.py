"""Senders that send as fast as they are answered (a closed loop): how much goes through. Prints JSON.

The requests are written before the clock starts, and it starts when all connections are open.
"""

import asyncio
import json
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from shared.runtime import run_async
from tests.bench.figures import percentile
from tests.bench.processes.sender import Sender
from tests.bench.traffic import Traffic, requests_of


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


class EagerSender(Sender):
    """Sends its next request with the answer to the one before."""

    def __init__(self, requests: Sequence[bytes], *, finished: asyncio.Future[None]) -> None:
        super().__init__(finished=finished)
        self._requests = iter(requests)
        self._sent_at = 0.0
        self.latency_ms = array("d")

    def start(self) -> None:
        """Send the first request."""
        self._send_next()

    def answered(self, at: float) -> None:
        self.latency_ms.append((at - self._sent_at) * 1000)
        self._send_next()

    def _send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.finished.set_result(None)
        else:
            self._sent_at = time.monotonic()
            self.send(request)


async def send(port: int, traffic: Traffic) -> Sent:
    """Send all of it. Raises OSError when a connection breaks."""
    loop = asyncio.get_running_loop()
    senders = []
    for requests in requests_of(traffic, host=f"127.0.0.1:{port}"):
        make = partial(EagerSender, requests, finished=loop.create_future())
        _, sender = await loop.create_connection(make, "127.0.0.1", port)
        senders.append(sender)
    started_at, cpu_before = time.monotonic(), time.process_time()
    for sender in senders:
        sender.start()
    await asyncio.gather(*(sender.finished for sender in senders))
    finished_at, cpu_after = time.monotonic(), time.process_time()
    statuses = sum((sender.statuses for sender in senders), Counter[str]())
    latency_ms = sorted(latency for sender in senders for latency in sender.latency_ms)
    p50, p99 = (percentile(latency_ms, share) for share in (0.5, 0.99))
    return Sent(started_at, finished_at, cpu_after - cpu_before, time.process_time(), p50, p99, dict(statuses))


def main() -> None:
    """Send the traffic that the arguments name: port, then the traffic as JSON."""
    sent = run_async(send(int(sys.argv[1]), Traffic(**json.loads(sys.argv[2]))))
    sys.stdout.write(json.dumps(sent._asdict()))


if __name__ == "__main__":
    main()
