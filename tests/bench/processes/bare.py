"""The upper bound: an aiohttp handler that does nothing, served just as the relay is served."""

import sys

from aiohttp import web

from shared.runtime import listening, run_async, stop_event
from tests.bench.traffic import WEBHOOK_PATH


async def do_nothing(_request: web.Request) -> web.Response:
    """Answer."""
    return web.Response(text="ok")


async def serve(port: int) -> None:
    """Serve until SIGTERM."""
    app = web.Application()
    app.router.add_get("/readyz", do_nothing)
    app.router.add_post(WEBHOOK_PATH, do_nothing)
    stop = stop_event()
    async with listening(app, host="127.0.0.1", port=port):
        await stop.wait()


if __name__ == "__main__":
    run_async(serve(int(sys.argv[1])))
