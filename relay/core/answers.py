"""What a site's HTTP answer to a push is worth. Total: any status, headers and body give a verdict."""

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from relay.core.delivery import Delivered, Failed, Gone, Refused, TooLarge, Verdict
from shared.errors import WireError
from shared.wire import decode_receipt

MAX_ANSWER_BYTES = 1024 * 1024
"""More than any honest receipt; a longer answer is cut off and counts as malformed."""

_THROTTLING = frozenset({429, 503})
_REFUSED_SIGNATURE = frozenset({401, 403})
_REFUSED_CONTENT = frozenset({400, 403, 406, 415, 422, 451})
"""What a site, or a filter in front of it, may answer because of what an event says. Not 404: a wrong address."""
_REDIRECTS = range(300, 400)
_CACHE = "is there a cache in front of it, or another program?"


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, event_ids: Sequence[str], now: float
) -> Verdict:
    """Turn the answer to a batch of these events into a verdict.

    Redirects are never followed; only a receipt that accounts for each of the events counts as delivered.
    """
    if status == HTTPStatus.OK:
        return _read_receipt(body, event_ids)
    if status == HTTPStatus.GONE:
        return Gone()
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge()
    if status in _REFUSED_CONTENT:
        return Refused(_reason(status))
    return Failed(_reason(status), _retry_after_s(headers.get("Retry-After"), now) if status in _THROTTLING else None)


def _read_receipt(body: bytes, event_ids: Sequence[str]) -> Verdict:
    try:
        receipt = decode_receipt(body)
    except WireError:
        return Failed("the site answered 200, but with no receipt: is this address really an on-site client?")
    told, sent = receipt.accepted + len(receipt.rejected), len(event_ids)
    if told != sent or receipt.accepted < 0:
        return Failed(f"the site answered for {told} events where {sent} were sent: {_CACHE}")
    rejected = {rejection.id for rejection in receipt.rejected}
    if len(rejected) < len(receipt.rejected) or not rejected <= set(event_ids):
        return Failed(f"the site refused events that were not sent, or one of them twice: {_CACHE}")
    return Delivered(receipt.rejected)


def _reason(status: int) -> str:
    if status in _REFUSED_SIGNATURE:
        filtered = ". Or a filter in front of it refuses what an event says" if status in _REFUSED_CONTENT else ""
        return (
            f"the site refused the signature ({status}): its secret is not the one of this site here, or its clock is"
            " off. Compare ONSITE_SITE and ONSITE_RELAY_SECRET at the site with what `relay site add` printed"
            + filtered
        )
    if status in _REDIRECTS:
        return f"the site answered with a redirect ({status}), which is not followed: register its final URL"
    return f"the site answered {status}"


def _retry_after_s(value: str | None, now: float) -> float | None:
    """Read seconds or an HTTP date (RFC 9110, section 10.2.3); None where there is neither."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
