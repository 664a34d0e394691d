"""Pressed buttons: until somebody answers the press, the customer's app shows that it waits, for up to a minute.

Source: https://core.telegram.org/bots/api#answercallbackquery
"""

from collections.abc import Iterable, Iterator

from onsite.core.telegram.api import encode
from shared.lenient import as_id, as_object, decode_object

_KIND = "callback_query"


def callback_ids(updates: Iterable[bytes]) -> Iterator[str]:
    """Find what is to be answered. Total: what cannot be read asks for nothing."""
    for update in updates:
        if _KIND.encode() not in update:  # nearly all of them: nothing is decoded for these
            continue
        try:
            query = as_object(decode_object(update).get(_KIND))
        except ValueError:
            continue
        if query_id := as_id(query.get("id")):
            yield query_id


def answer_callback_body(query_id: str) -> bytes:
    """Return the parameters of an answer that shows nothing: the press is in the conversation."""
    return encode({"callback_query_id": query_id})
