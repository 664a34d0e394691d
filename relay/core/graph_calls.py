"""What every call of Meta's Graph API has in common at the relay: its address, and how an answer is read. No I/O."""

from urllib.parse import urlencode

from relay.core.errors import FacebookRefused
from shared.graph import GRAPH_VERSION, decode_error
from shared.lenient import JsonObject, decode_object


def graph_url(base_url: str, path: str, **query: str) -> str:
    """Return an address of the pinned version. No token belongs into `query`."""
    address = f"{base_url.rstrip('/')}/{GRAPH_VERSION}/{path}"
    return f"{address}?{urlencode(query, safe=',')}" if query else address


def is_done(answer: JsonObject) -> bool:
    """Whether Meta says that it was done; a sample of Meta's has it as a text."""
    success = answer.get("success")
    return success is True or success == "true"


def read_graph(status: int, body: bytes) -> JsonObject:
    """Return the answer's object. Raises FacebookRefused, with Meta's words where there are any."""
    if error := decode_error(body):
        subcode = "" if error.subcode is None else f"/{error.subcode}"
        raise FacebookRefused(f"Facebook refuses: {error.message or 'it says no more'} (error {error.code}{subcode})")
    try:
        return decode_object(body)
    except ValueError as reason:
        raise FacebookRefused(f"Facebook's answer (status {status}) cannot be read: {reason}") from None
