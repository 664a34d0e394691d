"""Sites that hang: they take every connection and every byte, and never answer. Prints what came when SIGTERM asks.

What came is a line of JSON: address → how many batches were begun there.
"""

import asyncio
import json
import sys
from collections import Counter

from shared.runtime import run_async, stop_event
from shared.wire import EVENTS_PATH
from tests.bench.processes.loopback import accepting

_REQUEST = f"POST {EVENTS_PATH} ".encode()
attempts: Counter[str] = Counter()


class Hanging(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._address = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        if data.startswith(_REQUEST):  # the relay writes a head in one piece
            attempts[self._address] += 1


async def serve(port: int) -> None:
    """Hang until SIGTERM."""
    stop = stop_event()
    server = await accepting(Hanging, port)
    await stop.wait()
    server.close()
    sys.stdout.write(json.dumps(attempts) + "\n")


if __name__ == "__main__":
    run_async(serve(int(sys.argv[1])))
