"""What came of trying a site: one signed, empty push, made at once because somebody asked. Values only, no I/O.

Not a delivery: it brings nothing, and changes nothing of how the site stands (docs/decisions/0037). The codes are for
programs (docs/protocol.md lists them); the words are those that a failed delivery has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from relay.core.answers import read_answer
from relay.core.delivery import Delivered, Failed, Gone, Refused, TooLarge

TRIAL_LIMIT_S = 8.0
"""For all of it, from the name server to the whole answer: sites' proxies wait ten seconds for the relay."""


class TrialCode(StrEnum):
    """What a trial found."""

    REACHED = "reached"
    """The site took the empty batch: it is an on-site client, under this secret, and can store what comes."""
    SIGNATURE_REFUSED = "signature_refused"
    GONE = "gone"
    """410: it wants nothing any more."""
    REDIRECT = "redirect"
    HTTP_STATUS = "http_status"
    """Something answered another status; an on-site client says 503 while it cannot store anything."""
    NO_SITE = "no_site"
    """What answered is no on-site client, or does not speak HTTP."""
    NAME_UNKNOWN = "name_unknown"
    NETWORK_NOT_ALLOWED = "network_not_allowed"
    """The address is one that the relay does not connect to for this site."""
    NO_CONNECTION = "no_connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"
    """The connection ended before the answer did."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found, and how long it took."""

    address: str
    """Where the push went."""
    code: TrialCode
    words: str
    status: int | None
    """HTTP's; None where nothing answered."""
    took_ms: int

    @property
    def reached(self) -> bool:
        """Whether deliveries would get through."""
        return self.code is TrialCode.REACHED


def read_trial(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> tuple[TrialCode, str]:
    """Say what an answer to the empty push means, for programs and in words. Total, as `read_answer` is."""
    match read_answer(status, headers, body, event_ids=(), now=now):
        case Delivered():
            return TrialCode.REACHED, "the site took it"
        case Gone():
            return TrialCode.GONE, "the site answered that it wants no more events (410)"
        case TooLarge():
            return TrialCode.HTTP_STATUS, "the site, or a proxy in front of it, finds an empty push too large (413)"
        case Refused(words) | Failed(words):
            return _code_of(status), words


def _code_of(status: int) -> TrialCode:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return TrialCode.SIGNATURE_REFUSED
    if status == HTTPStatus.OK:
        return TrialCode.NO_SITE
    redirects = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return TrialCode.REDIRECT if redirects else TrialCode.HTTP_STATUS
