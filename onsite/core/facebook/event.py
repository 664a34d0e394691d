"""One item of Meta's `messaging` or `standby` array: its kind, its customer, its moment. Not what its content means.

There is no type field: an event's kind is the key that is present. Ids and moments come as numbers or as texts, the
moment in milliseconds or in seconds, and the sender may be missing.
Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

from dataclasses import dataclass
from typing import Any

from onsite.core.errors import TranslationError
from onsite.core.model import Author, Direction
from shared.lenient import JsonObject, as_epoch_ms, as_id, as_object

USER_REF_PREFIX = "user_ref:"
"""Marks a conversation whose customer is known by a plugin's `user_ref` only: sends name them by it."""

MESSAGE = "message"
POSTBACK = "postback"
DELIVERY = "delivery"
READ = "read"
EDIT = "message_edit"
REACTION = "reaction"

_KINDS_FIRST = (MESSAGE, POSTBACK, DELIVERY, READ, EDIT, REACTION)
_NOT_A_KIND = frozenset({"sender", "recipient", "timestamp", "prior_message"})
UNNAMED = "event"
"""The kind of an event that has no key of its own."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, read as far as all kinds have it in common."""

    kind: str
    """The key that is present, with `_` for `-` (an older spelling of `policy_enforcement`)."""
    content: JsonObject
    """What stands under it; empty where that is no object."""
    verbatim: Any
    """What stands under it, whatever it is: part of the event's identity."""
    contact: str
    """The customer's page-scoped id, or their marked `user_ref`; empty where the event names no customer."""
    from_page: bool
    """Whether the page's side did it."""
    timestamp_ms: int | None
    """As the event tells it."""
    received_at_ms: int

    @property
    def happened_at_ms(self) -> int:
        """When it happened; when we received it, if the event does not tell."""
        return self.received_at_ms if self.timestamp_ms is None else self.timestamp_ms

    @property
    def direction(self) -> Direction:
        """Which way it went."""
        return Direction.OUTBOUND if self.from_page else Direction.INBOUND

    @property
    def author(self) -> Author:
        """Who did it, of the two sides; an event of the platform's own is marked where its kind is known."""
        return Author.ELSEWHERE if self.from_page else Author.CONTACT


def read_event(item: JsonObject, *, page_id: str, received_at_ms: int) -> Event:
    """Read a decoded item. Raises TranslationError when the content of a kind we know is no object."""
    key = _kind_key(item)
    kind = key.replace("-", "_")
    content = item.get(key)
    if not isinstance(content, dict) and kind in _KINDS_FIRST:
        raise TranslationError(f"the event's {kind} is no object")
    sender, recipient = _party(item.get("sender")), _party(item.get("recipient"))
    from_page = sender == page_id or as_object(content).get("is_echo") is True
    return Event(
        kind=kind,
        content=as_object(content),
        verbatim=content,
        contact=_customer(sender, recipient, page_id=page_id, from_page=from_page),
        from_page=from_page,
        timestamp_ms=as_epoch_ms(item.get("timestamp")),
        received_at_ms=received_at_ms,
    )


def _kind_key(item: JsonObject) -> str:
    """Return the key that names the kind: one of ours first, else the first that holds an object."""
    candidates = sorted(item.keys() - _NOT_A_KIND)
    with_object = [key for key in candidates if isinstance(item[key], dict)]
    return next((key for key in (*_KINDS_FIRST, *with_object, *candidates) if key in item), UNNAMED)


def _party(value: object) -> str:
    party = as_object(value)
    if by_id := as_id(party.get("id")):
        return by_id
    user_ref = as_id(party.get("user_ref"))
    return f"{USER_REF_PREFIX}{user_ref}" if user_ref else ""


def _customer(sender: str, recipient: str, *, page_id: str, from_page: bool) -> str:
    """Return whichever party is not the page; what the page's side did names it as the recipient."""
    parties = (recipient, sender) if from_page else (sender, recipient)
    return next((party for party in parties if party not in ("", page_id)), "")
