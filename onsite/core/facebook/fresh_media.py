"""A fresh address of what a message carries: where to ask, which of the answers it is, what a refusal means. No HTTP.

Facebook's addresses are signed and end after some days; the file behind a new one has the same path.
Source of the shape: https://developers.facebook.com/docs/graph-api/reference/message/
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

from onsite.core.errors import FacebookError
from onsite.core.facebook.answer import read_answer
from onsite.core.media import troubles
from onsite.core.media.addresses import is_followed
from onsite.core.media.retries import Failure
from onsite.core.media.troubles import MediaTrouble
from shared.graph import GRAPH_VERSION, GraphTrouble
from shared.lenient import as_list, as_object, as_text

_GONE = frozenset({GraphTrouble.GONE, GraphTrouble.BAD_PARAMETER})
_PASSES = frozenset({None, GraphTrouble.TEMPORARY, GraphTrouble.UNKNOWN_OUTCOME})


def attachments_url(base_url: str, mid: str, *, proof: SecretStr | None = None) -> str:
    """Return where a message's attachments are listed; no text for logs with a `proof`."""
    query = {} if proof is None else {"appsecret_proof": proof.get_secret_value()}
    path = f"{base_url.rstrip('/')}/{GRAPH_VERSION}/{quote(mid, safe='')}/attachments"
    return f"{path}?{urlencode(query)}" if query else path


def decode_addresses(status: int, body: bytes) -> list[str]:
    """Read the addresses of a message's attachments, in their order. Raises FacebookError."""
    listed = as_list(read_answer(status, body).get("data"))
    return [_address(item) for item in listed]


def fresh_address(old: str, position: int, found: Sequence[str]) -> str | None:
    """Return which of the addresses is that of the old one's file: the one with its path, or the only one there is.

    Never one by its place alone: what the message holds besides files is not listed, and another picture would be
    shown as this one.
    """
    followed = [url for url in found if is_followed(url)]
    same = [url for url in followed if urlsplit(url).path == urlsplit(old).path]
    if same:
        return same[0]
    return followed[0] if len(found) == len(followed) == 1 and position == 0 else None


def failure_of(error: FacebookError) -> Failure:
    """Say what it means for a fetch that no fresh address could be had."""
    if error.trouble is GraphTrouble.TOKEN_DEAD:
        return Failure(MediaTrouble.NO_TOKEN, troubles.NO_TOKEN)
    if error.trouble is GraphTrouble.THROTTLED:
        return Failure(MediaTrouble.THROTTLED, troubles.THROTTLED.format(platform="Facebook"))
    if error.trouble in _GONE:
        return Failure(MediaTrouble.GONE, troubles.GONE.format(platform="Facebook"))
    if error.trouble in _PASSES:
        return Failure(MediaTrouble.UNREACHABLE, str(error))
    return Failure(MediaTrouble.EXPIRED, troubles.EXPIRED.format(why=error))


def _address(item: Any) -> str:
    """Read one attachment's address; empty where there is none, so that each keeps its place."""
    attachment = as_object(item)
    inside = (as_object(attachment.get(key)).get("url") for key in ("image_data", "video_data"))
    return next((text for each in (*inside, attachment.get("file_url")) if (text := as_text(each))), "")
