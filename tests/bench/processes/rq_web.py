"""The rival's web process: checks a webhook as the relay does, and makes an RQ job of each event."""

import itertools
import sys
import time

from aiohttp import web
from pydantic import SecretStr
from rq import Queue
from rq.queue import EnqueueData

from relay.core.webhook import MAX_BODY_BYTES, SIGNATURE_HEADER, Incoming, split, verify_signature
from shared.runtime import listening, run_async, stop_event
from tests.bench.processes.rq_job import deliver, event_queue
from tests.bench.traffic import APP_SECRET, WEBHOOK_PATH


class Intake:
    """Takes webhooks."""

    def __init__(self, queue: Queue, site_url: str) -> None:
        self._queue = queue
        self._site_url = site_url
        self._secret = SecretStr(APP_SECRET)
        self._started_ms = round(time.time() * 1000)
        self._numbers = itertools.count()

    async def receive(self, request: web.Request) -> web.Response:
        """Accept a body: the jobs of its events are in Redis when this answers."""
        body = await request.read()
        verify_signature(request.headers.get(SIGNATURE_HEADER), body, app_secret=self._secret)
        # RQ's client blocks; here in the loop it costs less than through threads, and the order stays.
        self._queue.enqueue_many([self._job(item) for item in split(body).items])
        return web.Response(text="ok")

    def _job(self, item: Incoming) -> EnqueueData:
        event_id = f"{self._started_ms}-{next(self._numbers)}"
        args = (self._site_url, item.page_id, event_id, item.kind, item.payload.decode())
        return Queue.prepare_data(deliver, args=args, result_ttl=0, description=event_id)


async def ready(_request: web.Request) -> web.Response:
    """Answer."""
    return web.Response(text="ready")


async def serve(port: int, redis_url: str, site_url: str) -> None:
    """Serve until SIGTERM."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_get("/readyz", ready)
    app.router.add_post(WEBHOOK_PATH, Intake(event_queue(redis_url), site_url).receive)
    stop = stop_event()
    async with listening(app, host="127.0.0.1", port=port):
        await stop.wait()


if __name__ == "__main__":
    run_async(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
