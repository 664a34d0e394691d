"""The rival's job: posts one event. A module of its own, as RQ refuses functions of a program's main module.

RQ is set up to its advantage: `SimpleWorker` (no fork for each job), one kept connection to the site, JSON rather than
pickle, no results kept, one round trip for all jobs of a body. One worker, as a second one would break the order.
"""

import time

import requests
from msgspec import Raw
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from shared.clock import iso_ms
from shared.signing import sign
from shared.site_secret import new_site_secret
from shared.wire import EVENTS_PATH, Event, decode_receipt, encode_batch
from tests.bench.traffic import site_of

ANSWER_TIMEOUT_S = 20
_HEADERS = {"Content-Type": "application/json"}

_site_secret = new_site_secret()
_session = requests.Session()
_session.trust_env = False


def event_queue(redis_url: str) -> Queue:
    """Return the queue of events."""
    return Queue("events", connection=Redis.from_url(redis_url), serializer=JSONSerializer)


def deliver(site_url: str, page_id: str, event_id: str, kind: str, payload: str) -> None:
    """Post one event. Raises what goes wrong: the benchmark then ends, as the event never arrives."""
    event = Event(event_id, page_id, iso_ms(round(time.time() * 1000)), kind, Raw(payload.encode()))
    body = encode_batch(site_of(page_id), [event])
    signature = sign(body, message_id=event_id, timestamp_s=int(time.time()), secrets=[_site_secret])
    answer = _session.post(site_url + EVENTS_PATH, body, headers=_HEADERS | signature, timeout=ANSWER_TIMEOUT_S)
    answer.raise_for_status()
    decode_receipt(answer.content)
