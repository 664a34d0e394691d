"""Reading conversations afterwards: where to ask, and what the answers hold. No HTTP, no decision what to ask next.

Lists come newest first. Of a thread only the newest 20 messages can be read; older ones are listed with their id and
time alone. Times are whole seconds.
Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversations
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from onsite.core.facebook.answer import read_answer
from shared.graph import GRAPH_VERSION
from shared.lenient import JsonObject, as_epoch_ms, as_id, as_list, as_object, as_text

READABLE = 20
"""Messages of a thread that can be read in detail, the newest ones."""
CALLS_PER_S = 2.0
"""For each page. https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting
"""
THREADS_AT_ONCE = 50
LISTED_AT_ONCE = 100

_DETAILS = "id,created_time,from,to,message,attachments,sticker,shares,reply_to"


@dataclass(frozen=True, slots=True)
class ThreadHead:
    """A thread as a list shows it."""

    id: str
    updated_at_ms: int | None
    """When something was said last, a whole second; None where it is not told."""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """One page of a page's threads."""

    threads: tuple[ThreadHead, ...]
    after: str
    """Where the next page begins; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as a thread lists it."""

    mid: str
    at_ms: int
    """When it was said, a whole second."""
    content: JsonObject = field(default_factory=dict)
    """All that was told of it."""

    @property
    def is_readable(self) -> bool:
        """Whether its content was told: of what is too old or was taken back, not even the author is."""
        return bool(as_id(as_object(self.content.get("from")).get("id")))


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a thread's messages."""

    messages: tuple[Listed, ...]
    after: str
    """As in ThreadPage."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom a thread is with. Empty texts mean "not told"."""

    id: str = ""
    """Page-scoped."""
    name: str = ""


def threads_url(base_url: str, page_id: str, *, after: str = "", proof: SecretStr | None = None) -> str:
    """Return where a page's threads are listed; no text for logs with a `proof`, as all addresses here."""
    query = {"platform": "messenger", "fields": "id,updated_time", "limit": str(THREADS_AT_ONCE)}
    return _url(base_url, f"{quote(page_id, safe='')}/conversations", query, after=after, proof=proof)


def thread_url(base_url: str, thread_id: str, *, proof: SecretStr | None = None) -> str:
    """Return where a thread's customer and its readable messages are."""
    query = {"fields": f"participants,messages.limit({READABLE}){{{_DETAILS}}}"}
    return _url(base_url, quote(thread_id, safe=""), query, proof=proof)


def older_url(base_url: str, thread_id: str, *, after: str, proof: SecretStr | None = None) -> str:
    """Return where the messages behind `after` are listed, by id and time alone."""
    query = {"fields": "id,created_time", "limit": str(LISTED_AT_ONCE)}
    return _url(base_url, f"{quote(thread_id, safe='')}/messages", query, after=after, proof=proof)


def decode_threads(status: int, body: bytes) -> ThreadPage:
    """Read a page of threads. Raises FacebookError."""
    answer = read_answer(status, body)
    items = [as_object(item) for item in as_list(answer.get("data"))]
    heads = [ThreadHead(as_id(item.get("id")), _moment(item.get("updated_time"))) for item in items]
    return ThreadPage(tuple(head for head in heads if head.id), _after(answer))


def decode_thread(status: int, body: bytes, *, page_id: str) -> tuple[Customer, MessagePage]:
    """Read a thread: whom it is with, and its newest messages. Raises FacebookError."""
    answer = read_answer(status, body)
    page = _messages(as_object(answer.get("messages")))
    people = [_customer(each) for each in as_list(as_object(answer.get("participants")).get("data"))]
    people += [_customer(each) for message in page.messages for each in _parties(message.content)]
    customer = next((each for each in people if each.id not in ("", page_id)), Customer())
    return customer, page


def decode_older(status: int, body: bytes) -> MessagePage:
    """Read a page of a thread's messages. Raises FacebookError."""
    return _messages(read_answer(status, body))


def _messages(listing: JsonObject) -> MessagePage:
    """Read a list; what has no id or no time can be neither known again nor placed, and is none."""
    items = [as_object(item) for item in as_list(listing.get("data"))]
    dated = [(as_id(item.get("id")), _moment(item.get("created_time")), item) for item in items]
    listed = tuple(Listed(mid, at_ms, item) for mid, at_ms, item in dated if mid and at_ms is not None)
    return MessagePage(listed, _after(listing))


def _after(listing: JsonObject) -> str:
    """Return the cursor; never the address in `next`, which holds the token."""
    paging = as_object(listing.get("paging"))
    return as_text(as_object(paging.get("cursors")).get("after")) if paging.get("next") else ""


def _parties(content: JsonObject) -> list[Any]:
    return [content.get("from"), *as_list(as_object(content.get("to")).get("data"))]


def _customer(value: Any) -> Customer:
    party = as_object(value)
    return Customer(as_id(party.get("id")), as_text(party.get("name")))


def _moment(value: Any) -> int | None:
    """Read `2026-01-01T00:00:00+0000`, or a number of seconds, as milliseconds."""
    try:
        return as_epoch_ms(int(datetime.fromisoformat(as_text(value)).timestamp()))
    except (ValueError, OverflowError):
        return as_epoch_ms(value)


def _url(base_url: str, path: str, query: dict[str, str], *, after: str = "", proof: SecretStr | None = None) -> str:
    query = query | ({"after": after} if after else {})
    if proof is not None:
        query["appsecret_proof"] = proof.get_secret_value()
    return f"{base_url.rstrip('/')}/{GRAPH_VERSION}/{path}?{urlencode(query, safe=',(){}')}"
