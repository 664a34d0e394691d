"""`POST /relay/events`: where the relay pushes. Checks who speaks, reads the batch, answers after the commit.

The signature is checked over the raw bytes before anything in them is read. A refusal is 403 for a wrong signature or
another site's batch, 413, 400 for what is no batch, 503 while the database does not answer: the relay keeps the events
after each of them and tries again.
"""

import time

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.metrics import Metrics
from onsite.engine.relay_batches import RelayBatches
from shared.clock import Clock
from shared.errors import SignatureInvalid, WireError
from shared.logs import get_logger
from shared.signing import verify
from shared.web import RequestRefused, json_error, read_body
from shared.wire import EVENTS_PATH, MAX_BATCH_BYTES, Batch, decode_batch, encode_receipt

log = get_logger(__name__)

OFF = "no relay is set up; Telegram needs none. For Facebook set ONSITE_SITE and ONSITE_RELAY_SECRET, and start again"


class RelayEvents:
    """The receiver of a site that has a relay."""

    def __init__(
        self, batches: RelayBatches, *, site: str, secret: SecretStr, metrics: Metrics, clock: Clock = time.time
    ) -> None:
        self._batches = batches
        self._site = site
        self._secret = secret
        self._metrics = metrics
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post(EVENTS_PATH, self.receive)

    async def receive(self, request: web.Request) -> web.Response:
        """Take a batch in."""
        try:
            batch = self._read(request, await read_body(request, limit=MAX_BATCH_BYTES))
        except RequestRefused as refused:
            self._metrics.batches_refused.labels(refused.code).inc()
            log.warning("relay_batch_refused", code=refused.code, reason=refused.message, remote=request.remote)
            raise
        receipt = await self._batches.take(batch)
        what = "relay_batch_stored" if batch.events or batch.unreadable else "relay_tried_this_site"
        log.info(what, accepted=receipt.accepted, rejected=len(receipt.rejected))
        return web.Response(body=encode_receipt(receipt), content_type="application/json")

    def _read(self, request: web.Request, body: bytes) -> Batch:
        try:
            verify(request.headers, body, secrets=[self._secret], now=self._clock())
        except SignatureInvalid as error:
            raise RequestRefused(403, "bad_signature", str(error)) from None
        try:
            batch = decode_batch(body)
        except WireError as error:
            raise RequestRefused(400, "malformed_batch", str(error)) from None
        if any(not odd.id for odd in batch.unreadable):
            # A receipt could not name it. The relay narrows down by halves which one it is, and sets it aside.
            raise RequestRefused(400, "malformed_batch", "an event of the batch has no id that can be read")
        if batch.site != self._site:
            raise RequestRefused(
                403, "wrong_site", f"the batch is for site {batch.site!r}, this is {self._site!r}: check both settings"
            )
        return batch


class RelayEventsOff:
    """The receiver of a site that has no relay: says so, and the relay keeps the events."""

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post(EVENTS_PATH, self.refuse)

    async def refuse(self, _request: web.Request) -> web.Response:
        """Answer 503, so that a relay that is set up already tries again."""
        return json_error(503, "no_relay", OFF, Retry_After="60")
