"""The webhooks of a benchmark: who sends which events, for which site, in which order. Values only.

Each sender is one keep-alive connection with one request under way, so what it sends of one site has an order that the
relay must keep. Every event names its sender and its number within that order, so that a lost, a doubled and an
overtaken event can be told apart at the site. The same `Traffic` always makes the same bytes.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from relay.core.webhook import SIGNATURE_HEADER

APP_SECRET = "bench-app-secret"
WEBHOOK_PATH = "/facebook/webhook"

_MID_LENGTH = 120
"""About as long as Meta's own message ids."""
_TEXT = r"Guten Tag, k\u00f6nnen Sie mir sagen, wann meine Bestellung ankommt? Sie sollte gestern da sein."


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

    def site_names(self) -> list[str]:
        """Name the sites that the traffic is for."""
        return [site_name(index) for index in range(self.sites)]


class Body(NamedTuple):
    """One webhook body: `size` events of one page, numbered from `first`."""

    sender: int
    site: int
    first: int
    size: int


def site_name(index: int) -> str:
    """Name a site."""
    return f"site-{index:02d}"


def page_id(index: int) -> str:
    """Name the page that is bound to the site of this index."""
    return str(1_000_000_000_000_000 + index)


def site_of(page: str) -> str:
    """Name the site to which a page is bound."""
    return site_name(int(page) - int(page_id(0)))


def bodies(traffic: Traffic) -> Iterator[Body]:
    """Spread the events over senders and sites, both in turn; a sender sends its bodies in this order."""
    numbers: Counter[tuple[int, int]] = Counter()
    for index, start in enumerate(range(0, traffic.events, traffic.events_per_body)):
        sender, site = index % traffic.senders, index % traffic.sites
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
        requests[body.sender].append(_request(webhook_body(body), host))
    return requests


def webhook_body(body: Body) -> bytes:
    """Write a body as Meta does: an entry for each event, non-ASCII characters escaped."""
    page = page_id(body.site)
    entries = ",".join(_entry(page, body.sender, body.first + offset) for offset in range(body.size))
    return f'{{"object":"page","entry":[{entries}]}}'.encode()


def event_mid(sender: int, number: int) -> str:
    """Name an event by its place in the order."""
    return f"m_{sender}.{number}.".ljust(_MID_LENGTH, "A")


def read_mid(mid: str) -> tuple[int, int]:
    """Return sender and number. Raises ValueError for a text that `event_mid` did not write."""
    sender, number, _filler = mid.removeprefix("m_").split(".")
    return int(sender), int(number)


def _entry(page: str, sender: int, number: int) -> str:
    at_ms = 1_760_000_000_000 + number
    return (
        f'{{"id":"{page}","time":{at_ms},"messaging":[{{"sender":{{"id":"{7_000_000_000_000_000 + sender}"}},'
        f'"recipient":{{"id":"{page}"}},"timestamp":{at_ms},'
        f'"message":{{"mid":"{event_mid(sender, number)}","text":"{_TEXT}"}}}}]}}'
    )


def _request(body: bytes, host: str) -> bytes:
    signature = hmac.digest(APP_SECRET.encode(), body, hashlib.sha256).hex()
    head = (
        f"POST {WEBHOOK_PATH} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n"
        f"{SIGNATURE_HEADER}: sha256={signature}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
