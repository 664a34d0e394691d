"""Conversations as the API tells them: threads of a page, newest first, their messages to the second. Pure.

Only the newest twenty messages of a thread can be read in detail; older ones are listed by id and time, and count as
deleted when they are asked for
(https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversations).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.simulators.graph import paging
from tests.simulators.graph.fields import Field, Value, pick
from tests.simulators.graph.message_attachments import attachments_of, sticker_of
from tests.simulators.graph.world import Page, Person, Said, World

READABLE = 20
MAX_MESSAGES = 100
THREAD_FIELDS = ("id", "updated_time", "link")
MESSAGE_FIELDS = ("id", "created_time")


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message in its place."""

    said: Said
    thread: "Thread"

    @property
    def is_readable(self) -> bool:
        """Whether it is young enough to be read in detail, and was not taken back."""
        return not self.thread.is_unsent(self.said) and self.said in self.thread.said[:READABLE]


@dataclass(frozen=True, slots=True)
class Thread:
    """Everything that a page and a customer said to each other."""

    world: World
    page: Page
    person: Person
    said: Sequence[Said]
    """Newest first; never empty."""

    @property
    def id(self) -> str:
        """Opaque, and the same for ever."""
        return thread_id(self.page.id, self.person.psid)

    @property
    def updated_at(self) -> float:
        """When something was said last."""
        return self.said[0].at

    def is_unsent(self, said: Said) -> bool:
        """Whether a message was taken back."""
        return (self.page.id, said.mid) in self.world.unsent


def thread_id(page_id: str, psid: str) -> str:
    """Name the thread of a page and a customer."""
    return f"t_{int.from_bytes(hashlib.sha256(f'{page_id}:{psid}'.encode()).digest()[:7], 'big')}"


def threads_of(world: World, page: Page) -> list[Thread]:
    """Return the threads of a page, the one that was changed last first."""
    by_person: dict[str, list[Said]] = {}
    for said in reversed(world.said):
        if said.page_id == page.id and said.psid in page.people:
            by_person.setdefault(said.psid, []).append(said)
    threads = [
        Thread(world, page, page.people[psid], sorted(said, key=lambda one: -one.at))
        for psid, said in by_person.items()
    ]
    return sorted(threads, key=lambda thread: -thread.updated_at)


def message_of(world: World, page: Page, mid: str) -> ThreadMessage | None:
    """Find a message of a page by its mid."""
    for thread in threads_of(world, page):
        for said in thread.said:
            if said.mid == mid:
                return ThreadMessage(said, thread)
    return None


def show_thread(thread: Thread, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Write a thread with what is asked for. Raises GraphError 100."""
    unread = next((at for at, said in enumerate(thread.said) if not said.from_customer), len(thread.said))
    values: dict[str, Value] = {
        "id": thread.id,
        "link": f"/{thread.page.id}/inbox/{thread.id.removeprefix('t_')}/",
        "updated_time": iso(thread.updated_at),
        "participants": {"data": [_customer(thread.person), _page(thread.page)]},
        "senders": {"data": [_customer(thread.person), _page(thread.page)]},
        "message_count": len(thread.said),
        "unread_count": unread,
        "can_reply": not thread.person.unavailable,
        "is_owner": True,
        "snippet": thread.said[0].text,
        "messages": lambda asked: show_messages(thread, asked),
    }
    return pick(values, fields, "UnifiedThread")


def show_messages(thread: Thread, asked: Field) -> dict[str, Any]:
    """Write the messages of a thread as a field of it: `messages.limit(20){id,message}`."""
    part, more = paging.part_of(thread.said, lambda one: one.mid, asked.modifiers, max_limit=MAX_MESSAGES)
    fields = asked.fields or tuple(Field(name) for name in MESSAGE_FIELDS)
    shown = [show_message(ThreadMessage(said, thread), fields) for said in part]
    written: dict[str, Any] = paging.envelope(
        shown, [said.mid for said in part], more=more, next_url=f"/{thread.id}/messages", query=asked.modifiers
    )
    return written


def show_message(message: ThreadMessage, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Write a message; of one that cannot be read any more only id and time are there. Raises GraphError 100."""
    said, thread = message.said, message.thread
    customer, page = _customer(thread.person), _page(thread.page)
    reply_to = (said.message.get("reply_to") or {}).get("mid")
    values: dict[str, Value] = {
        "id": said.mid,
        "created_time": iso(said.at),
        "from": customer if said.from_customer else page,
        "to": {"data": [page if said.from_customer else customer]},
        "message": said.text,
        "attachments": attachments_of(said),
        "sticker": sticker_of(said),
        "shares": None,
        "tags": {"data": [{"name": name} for name in ("inbox", "messenger")]},
        "reply_to": {"mid": reply_to, "is_self_reply": False} if reply_to else None,
    }
    if not message.is_readable:
        values |= {name: None for name in values if name not in MESSAGE_FIELDS}
    return pick(values, fields, "Message")


def iso(at: float) -> str:
    """Write a moment as these edges do: whole seconds, `+0000`."""
    return f"{datetime.fromtimestamp(at, tz=UTC):%Y-%m-%dT%H:%M:%S}+0000"


def _customer(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": f"{person.psid}@facebook.com", "id": person.psid}


def _page(page: Page) -> dict[str, str]:
    return {"name": page.name, "email": f"{page.id}@facebook.com", "id": page.id}
