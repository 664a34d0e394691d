"""How much memory a waiting event takes in Redis, beside the size of its JSON.

Counted over 100,000 events of 300 to 600 bytes that wait for a site which is down: what Redis says it uses with them,
less what it used before. The JSON of an event is Meta's item alone, byte for byte as it is kept; not the envelope in
which it came, nor the one in which it will leave.
"""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from redis import Redis

from relay.core import keys
from tests.bench.children import free_port
from tests.bench.errors import BenchFailed
from tests.bench.outcome import Outcome, Sheet, at_most
from tests.bench.plan import Bench, Plan
from tests.bench.redis_process import run_redis
from tests.bench.relay_process import run_relay
from tests.bench.senders import send_eagerly
from tests.bench.traffic import Traffic, site_name

EVENTS = 100_000
SITE = site_name(0)
READ_AT_ONCE = 1_000

Entries = list[tuple[bytes, dict[bytes, bytes]]]


@dataclass(frozen=True, slots=True)
class Memory:
    """What was found; everything in bytes."""

    events_per_body: int
    events: int
    json_bytes: int
    used_bytes: int
    """By which Redis' `used_memory` grew."""
    stream_bytes: int
    """By which the stream grew, as `MEMORY USAGE` estimates it with every node looked at: an account by other means."""
    allocator: str

    @property
    def ratio(self) -> float:
        """Memory for each byte of JSON."""
        return self.used_bytes / self.json_bytes


def run(plan: Plan) -> Outcome:
    """Measure with one event in a body and with fifty: appends of different sizes fill a stream's nodes differently."""
    found = [_measure(plan, events_per_body) for events_per_body in (1, 50)]
    for one in found:
        plan.tell(f"{one.events_per_body} in a body: {one.ratio:.3f} bytes of memory for each byte of JSON")
    worst = max(one.ratio for one in found)
    headings = ["events", "JSON bytes each", "memory bytes each", "memory/JSON", "stream alone/JSON"]
    return Outcome(
        [Sheet("Redis' memory for waiting events", headings, [_row(one) for one in found])],
        [at_most("Redis' memory for a waiting event, of its JSON's size", worst, 1.5, "{:.2f}")],
        {"rows": [asdict(one) | {"ratio": one.ratio} for one in found]},
    )


def _measure(plan: Plan, events_per_body: int) -> Memory:
    traffic = Traffic(plan.some(EVENTS), events_per_body=events_per_body, varied=True)
    few = Traffic(traffic.senders * events_per_body, events_per_body=events_per_body, series="W")
    with (
        tempfile.TemporaryDirectory(dir=plan.folder) as data,
        run_redis(Path(data), appendfsync="everysec") as redis,
        run_relay(Path(data), redis=redis) as relay,
        redis.client() as client,
    ):
        relay.add_site(SITE, f"http://127.0.0.1:{free_port()}")
        relay.bind(0, SITE)
        send_eagerly(relay.port, few)  # scripts, connections and the stream's first nodes are there before we count
        relay.wait_for_rest()
        before = _used(client), _json_bytes(client), _stream_bytes(client)
        send_eagerly(relay.port, traffic)
        relay.wait_for_rest()
        after = _used(client), _json_bytes(client), _stream_bytes(client)
        _refuse_unless(client.xlen(keys.outbox(SITE)), few.events + traffic.events)
        allocator = str(client.info("memory")["mem_allocator"])
    used, json_bytes, stream_bytes = (now - then for now, then in zip(after, before, strict=True))
    return Memory(events_per_body, traffic.events, json_bytes, used, stream_bytes, allocator)


def _used(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])


def _stream_bytes(redis: Redis) -> int:
    return int(redis.memory_usage(keys.outbox(SITE), samples=0) or 0)


def _json_bytes(redis: Redis) -> int:
    """Add up the items that wait."""
    found, start = 0, "-"
    while entries := cast("Entries", redis.xrange(keys.outbox(SITE), start, "+", READ_AT_ONCE)):
        found += sum(len(fields[b"d"]) for _, fields in entries)
        start = f"({entries[-1][0].decode()}"
    return found


def _refuse_unless(waiting: int, events: int) -> None:
    if waiting != events:
        raise BenchFailed(f"of {events} accepted events {waiting} are waiting for the site, which is down")


def _row(one: Memory) -> list[str]:
    return [
        f"{one.events_per_body} in a body",
        f"{one.events:,}",
        f"{one.json_bytes / one.events:.0f}",
        f"{one.used_bytes / one.events:.0f}",
        f"{one.ratio:.3f}",
        f"{one.stream_bytes / one.json_bytes:.3f}",
    ]


BENCH = Bench("outbox", "how much of Redis' memory a waiting event takes", 1, run)
