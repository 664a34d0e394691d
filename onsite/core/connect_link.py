"""The link with which somebody connects Facebook pages, as the relay hands it out. What an answer means; no I/O.

docs/protocol.md, "connect". What the relay says in words is for our people, so its words are passed on, within a limit.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

from onsite.core.errors import NoConnectLink
from onsite.core.relay_answers import MAX_WORDS, not_ok
from shared.lenient import as_object, as_text, decode_object

_ADDRESS = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class ConnectLink:
    """A link for a browser."""

    url: str
    expires_at: str
    """ISO 8601, as the relay wrote it; empty where it did not."""


def read_connect_link(status: int, body: bytes) -> ConnectLink:
    """Read the relay's answer. Raises NoConnectLink."""
    answer = _decoded(body)
    if status == HTTPStatus.CONFLICT:
        told = as_text(as_object(answer.get("error")).get("message"))
        raise NoConnectLink(f"the relay gives no link: {told[:MAX_WORDS] or 'it does not say why'}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NoConnectLink(f"the relay cannot give a link now ({status}); try again in some seconds")
    url = as_text(answer.get("url"))
    if status != HTTPStatus.OK or _ADDRESS.fullmatch(url) is None:
        raise NoConnectLink(not_ok(status).sentence)
    return ConnectLink(url, as_text(answer.get("expires_at"))[:MAX_WORDS])


def _decoded(body: bytes) -> dict[str, object]:
    try:
        return decode_object(body)
    except ValueError:
        return {}
