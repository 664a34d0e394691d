"""The command line that all rivals have: `web PORT REDIS_URL SITE_URL`, or `worker REDIS_URL`."""

import sys
from collections.abc import Awaitable, Callable

from shared.runtime import run_async
from tests.bench.rivals.intake import Enqueue, serve


def main(connect: Callable[[str], Awaitable[Enqueue]], work: Callable[[str], None]) -> None:
    """Be one of the two processes until SIGTERM."""
    match sys.argv[1:]:
        case ["web", port, redis_url, site_url]:
            run_async(_serve(connect, int(port), redis_url, site_url))
        case ["worker", redis_url]:
            work(redis_url)
        case _:
            sys.exit("expected: web PORT REDIS_URL SITE_URL, or worker REDIS_URL")


async def _serve(connect: Callable[[str], Awaitable[Enqueue]], port: int, redis_url: str, site_url: str) -> None:
    await serve(await connect(redis_url), port=port, site_url=site_url)
