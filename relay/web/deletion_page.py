"""The page on which a person sees that their data are deleted: a time, and nothing that came with the request."""

from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from relay.core.connecting.refusals import Reason, Words
from relay.core.deletion import Receipt
from relay.web.html import html_page

_UNKNOWN = Words(
    HTTPStatus.NOT_FOUND,
    "No such deletion",
    "There is no deletion with this code, or it was done more than 90 days ago.",
    "Check that the address is complete. You can ask for the deletion once more at Facebook: under Settings, then Apps"
    " and websites.",
)


def completed_page(receipt: Receipt) -> web.Response:
    """Say that it is done."""
    return html_page("deleted.html", at=datetime.fromtimestamp(receipt.completed_at_ms / 1000, UTC))


def unknown_page() -> web.Response:
    """Say that there is no such code."""
    return _refusal(_UNKNOWN)


def later_page() -> web.Response:
    """Say that it cannot be looked up now."""
    return _refusal(Reason.STORE.words)


def _refusal(words: Words) -> web.Response:
    return html_page("refusal.html", status=words.status, words=words, details=(), again="")
