"""What every rival's job does: post one event to its site, signed, over one kept connection, and check the receipt."""

import time
from collections.abc import Callable
from typing import NamedTuple

import aiohttp
import requests
from msgspec import Raw

from shared.clock import iso_ms
from shared.signing import sign
from shared.site_secret import new_site_secret
from shared.wire import EVENTS_PATH, Event, decode_receipt, encode_batch
from tests.bench.traffic import site_of

ANSWER_TIMEOUT_S = 20
_HEADERS = {"Content-Type": "application/json"}

_site_secret = new_site_secret()


class Job(NamedTuple):
    """One event on its way, as a job's arguments."""

    site_url: str
    page_id: str
    event_id: str
    kind: str
    payload: str


def new_courier() -> Callable[..., None]:
    """Make a function that posts the event which a `Job`'s fields name. It raises what goes wrong."""
    session = requests.Session()
    session.trust_env = False

    def deliver(*fields: str) -> None:
        job = Job(*fields)
        body, headers = _push(job)
        answer = session.post(job.site_url + EVENTS_PATH, body, headers=headers, timeout=ANSWER_TIMEOUT_S)
        answer.raise_for_status()
        decode_receipt(answer.content)

    return deliver


class AsyncCourier:
    """The same for an event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, *fields: str) -> None:
        """Post the event. Raises what goes wrong."""
        if self._session is None:  # it must be made within the worker's loop
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_TIMEOUT_S))
        job = Job(*fields)
        body, headers = _push(job)
        async with self._session.post(job.site_url + EVENTS_PATH, data=body, headers=headers) as answer:
            answer.raise_for_status()
            decode_receipt(await answer.read())


def _push(job: Job) -> tuple[bytes, dict[str, str]]:
    event = Event(job.event_id, job.page_id, iso_ms(round(time.time() * 1000)), job.kind, Raw(job.payload.encode()))
    body = encode_batch(site_of(job.page_id), [event])
    signature = sign(body, message_id=job.event_id, timestamp_s=int(time.time()), secrets=[_site_secret])
    return body, _HEADERS | signature
