"""The webhooks of a benchmark: who sends which events, for which site, in which order. Values only.

Each sender is one keep-alive connection with one request under way, so what it sends of one site has an order that the
relay must keep. Every event names its sender and its number within that order, so that a lost, a doubled and an
overtaken event can be told apart at the site. The same `Traffic` always makes the same bytes.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from relay.core.webhook import SIGNATURE_HEADER

APP_SECRET = "bench-app-secret"
WEBHOOK_PATH = "/facebook/webhook"

_MID_LENGTH = 120
"""About as long as Meta's own message ids."""
_TEXT = "Guten Tag, können Sie mir sagen, wann meine Bestellung ankommt? Sie sollte gestern da sein. "
_LENGTH = 96
_VARIED_LENGTHS = (46, 58, 72, 90, 112, 140, 175, 220, 270, 330)
"""Characters of the texts of varied traffic, in turn; with what Meta puts around them, items of 300 to 600 bytes."""


class Stream(NamedTuple):
    """What must arrive in order: one sender's events for one site."""

    site: str
    sender: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much is sent, and how it is spread."""

    events: int
    senders: int = 32
    sites: int = 1
    events_per_body: int = 1
    first_site: int = 0
    pages_per_site: int = 1
    series: str = "A"
    """A letter that all its message ids hold: a real site takes a message once, so no two series may be the same."""
    varied: bool = False
    """Whether texts are of different lengths; otherwise all are of the same, of about a hundred characters."""

    def site_indices(self) -> range:
        """Name the sites that the traffic is for, by index."""
        return range(self.first_site, self.first_site + self.sites)

    def site_names(self) -> list[str]:
        """Name them."""
        return [site_name(index) for index in self.site_indices()]

    def pages_of(self, site: int) -> range:
        """Name the pages of one of these sites, by index; its events are for them in turn."""
        return range(site, site + self.sites * self.pages_per_site, self.sites)


class Body(NamedTuple):
    """One webhook body: `size` events for one site, numbered from `first` for this sender and site."""

    sender: int
    site: int
    first: int
    size: int


def site_name(index: int) -> str:
    """Name a site."""
    return f"site-{index:05d}"


def page_id(index: int) -> str:
    """Name the page that is bound to the site of this index."""
    return str(1_000_000_000_000_000 + index)


def site_of(page: str) -> str:
    """Name the site to which a page is bound, where each site has one page."""
    return site_name(int(page) - int(page_id(0)))


def bodies(traffic: Traffic) -> Iterator[Body]:
    """Spread the events over senders and sites, both in turn; a sender sends its bodies in this order."""
    numbers: Counter[tuple[int, int]] = Counter()
    for index, start in enumerate(range(0, traffic.events, traffic.events_per_body)):
        sender, site = index % traffic.senders, traffic.first_site + index % traffic.sites
        size = min(traffic.events_per_body, traffic.events - start)
        yield Body(sender, site, numbers[sender, site], size)
        numbers[sender, site] += size


def expected(traffic: Traffic) -> dict[Stream, int]:
    """Count what the sites must get of each sender."""
    counts: Counter[Stream] = Counter()
    for body in bodies(traffic):
        counts[Stream(site_name(body.site), body.sender)] += body.size
    return dict(counts)


def requests_of(traffic: Traffic, *, host: str) -> list[list[bytes]]:
    """Write each sender's HTTP requests, signed as Meta signs them."""
    requests: list[list[bytes]] = [[] for _ in range(traffic.senders)]
    for body in bodies(traffic):
        requests[body.sender].append(request_of(webhook_body(body, traffic), host=host))
    return requests


def webhook_body(body: Body, traffic: Traffic) -> bytes:
    """Write a body as Meta does: an entry for each event, non-ASCII characters escaped."""
    numbers = range(body.first, body.first + body.size)
    entries = ",".join(_entry(body, number, traffic) for number in numbers)
    return f'{{"object":"page","entry":[{entries}]}}'.encode()


def request_of(body: bytes, *, host: str) -> bytes:
    """Write the HTTP request that brings a body."""
    signature = hmac.digest(APP_SECRET.encode(), body, hashlib.sha256).hex()
    head = (
        f"POST {WEBHOOK_PATH} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n"
        f"{SIGNATURE_HEADER}: sha256={signature}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def event_mid(sender: int, number: int, series: str) -> str:
    """Name an event by its place in the order."""
    return f"m_{sender}.{number}.".ljust(_MID_LENGTH, series)


def read_mid(mid: str) -> tuple[int, int]:
    """Return sender and number. Raises ValueError for a text that `event_mid` did not write."""
    sender, number, _filler = mid.removeprefix("m_").split(".")
    return int(sender), int(number)


def _entry(body: Body, number: int, traffic: Traffic) -> str:
    page, at_ms = page_id(traffic.pages_of(body.site)[number % traffic.pages_per_site]), 1_760_000_000_000 + number
    text = _text(_VARIED_LENGTHS[number % len(_VARIED_LENGTHS)] if traffic.varied else _LENGTH)
    return (
        f'{{"id":"{page}","time":{at_ms},"messaging":[{{"sender":{{"id":"{7_000_000_000_000_000 + body.sender}"}},'
        f'"recipient":{{"id":"{page}"}},"timestamp":{at_ms},'
        f'"message":{{"mid":"{event_mid(body.sender, number, traffic.series)}","text":"{text}"}}}}]}}'
    )


@cache
def _text(length: int) -> str:
    """Write a text of so many characters as it stands in Meta's JSON."""
    return json.dumps((_TEXT * (length // len(_TEXT) + 1))[:length])[1:-1]
