"""Whether the sites got every event exactly once and in order: what makes a figure worth printing. Pure.

Two orders must hold: each sender's numbers, as it sent one request after the other, and each site's event ids, as the
outbox gave them out. All that is wrong is named, not only the first of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.bench.errors import BenchFailed
from tests.bench.traffic import Stream

_NAMED_AT_MOST = 5
_PROBLEMS_SHOWN = 10


class Arrival(NamedTuple):
    """One event as it came to a site, in the order of coming."""

    site: str
    event_id: str
    sender: int
    number: int
    at: float = 0.0
    """By `time.monotonic`."""


def refuse_problems(expected: Mapping[Stream, int], arrivals: Iterable[Arrival], *, ids_rise: bool = True) -> None:
    """Raise BenchFailed, which names them, unless the sites got every event once and in order."""
    problems = find_problems(expected, arrivals, ids_rise=ids_rise)
    if problems:
        shown = [*problems[:_PROBLEMS_SHOWN], *(["…"] if len(problems) > _PROBLEMS_SHOWN else [])]
        raise BenchFailed("\n  ".join(["the sites did not get every event once and in order:", *shown]))


def find_problems(expected: Mapping[Stream, int], arrivals: Iterable[Arrival], *, ids_rise: bool = True) -> list[str]:
    """Return a sentence for each way in which `arrivals` are not what was sent; none when all is well.

    `expected` says how many events each stream sent; they are numbered from 0. `ids_rise` says that event ids tell the
    order of acceptance, which they do where the outbox gives them out.
    """
    numbers: defaultdict[Stream, list[int]] = defaultdict(list)
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for arrival in arrivals:
        numbers[Stream(arrival.site, arrival.sender)].append(arrival.number)
        ids[arrival.site].append(arrival.event_id)
    problems: list[str] = []
    for stream in sorted(expected.keys() | numbers.keys()):
        problems += _stream_problems(stream, expected.get(stream, 0), numbers[stream])
    for site, site_ids in sorted(ids.items()):
        problems += _repeated_ids(site, site_ids)
        problems += _falling_ids(site, site_ids) if ids_rise else []
    return problems


def _stream_problems(stream: Stream, sent: int, came: Sequence[int]) -> list[str]:
    counts = Counter(came)
    first_of_each = list(counts)  # a Counter keeps the order of first occurrence
    findings = {
        "lost": [number for number in range(sent) if number not in counts],
        "doubled": [number for number, count in counts.items() if count > 1],
        "never sent": [number for number in counts if not 0 <= number < sent],
        "overtaken": _overtaken(first_of_each),
    }
    return [
        f"{stream.site}, sender {stream.sender}: {len(found)} of {sent} events {what}: {_some(found)}"
        for what, found in findings.items()
        if found
    ]


def _repeated_ids(site: str, ids: Sequence[str]) -> list[str]:
    repeated = [event_id for event_id, count in Counter(ids).items() if count > 1]
    return [f"{site}: {len(repeated)} event ids came more than once: {_some(repeated)}"] if repeated else []


def _falling_ids(site: str, ids: Sequence[str]) -> list[str]:
    places = [_place(event_id) for event_id in ids]
    falling = [ids[index + 1] for index in range(len(ids) - 1) if places[index + 1] < places[index]]
    return [f"{site}: {len(falling)} event ids came after a later one: {_some(falling)}"] if falling else []


def _overtaken(numbers: Sequence[int]) -> list[int]:
    """Return the numbers that came after a higher one."""
    overtaken, highest = [], -1
    for number in numbers:
        if number < highest:
            overtaken.append(number)
        highest = max(highest, number)
    return overtaken


def _place(event_id: str) -> tuple[int, int]:
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number)


def _some(items: Sequence[object]) -> str:
    shown = ", ".join(map(str, items[:_NAMED_AT_MOST]))
    return shown + (", …" if len(items) > _NAMED_AT_MOST else "")
