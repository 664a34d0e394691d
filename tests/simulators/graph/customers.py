"""What people on Messenger do: write, press buttons, read. Each act becomes one authentic webhook with a fresh id.

An event is posted when its field is subscribed at both levels, the app's and the page's; otherwise the result has no
status, and says which level is deaf.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.clock import Clock
from tests.simulators.graph import events
from tests.simulators.graph.app import App
from tests.simulators.graph.events import Event
from tests.simulators.graph.hearing import deaf_level
from tests.simulators.graph.http_sender import DeliveryResult
from tests.simulators.graph.world import Person, World, new_mid

Post = Callable[[Mapping[str, Any]], Awaitable[DeliveryResult]]


class Customers:
    """Acts on behalf of the people of a world."""

    def __init__(self, app: App, world: World, post: Post, *, clock: Clock) -> None:
        self._app = app
        self._world = world
        self._post = post
        self._clock = clock

    async def says(self, page_id: str, psid: str, text: str, *, reply_to: str = "") -> DeliveryResult:
        """Write a text; `reply_to` is the mid of an earlier message."""
        mid = new_mid()
        return await self._tell(
            self._known(page_id, psid),
            events.text_message(page_id, psid, text, mid=mid, at_ms=self._now_ms(), reply_to=reply_to),
            mid,
        )

    async def sends(self, page_id: str, psid: str, *attachments: Mapping[str, Any], text: str = "") -> DeliveryResult:
        """Send attachments: `{"type": "image", "payload": {"url": "…"}}`."""
        mid = new_mid()
        return await self._tell(
            self._known(page_id, psid),
            events.attachment_message(page_id, psid, attachments, mid=mid, at_ms=self._now_ms(), text=text),
            mid,
        )

    async def presses(self, page_id: str, psid: str, title: str, payload: str) -> DeliveryResult:
        """Press a button: a postback."""
        mid = new_mid()
        event = events.postback(page_id, psid, title, payload, mid=mid, at_ms=self._now_ms())
        return await self._tell(self._known(page_id, psid), event, mid)

    async def taps(self, page_id: str, psid: str, title: str, payload: str) -> DeliveryResult:
        """Tap a quick reply."""
        mid = new_mid()
        event = events.quick_reply(page_id, psid, title, payload, mid=mid, at_ms=self._now_ms())
        return await self._tell(self._known(page_id, psid), event, mid)

    async def edits(self, page_id: str, psid: str, mid: str, text: str, *, num_edit: int = 1) -> DeliveryResult:
        """Change an earlier message of their own."""
        event = events.message_edit(page_id, psid, text, mid=mid, num_edit=num_edit, at_ms=self._now_ms())
        return await self._tell(self._known(page_id, psid), event, mid)

    async def reacts(self, page_id: str, psid: str, mid: str, emoji: str) -> DeliveryResult:
        """React to a message; an empty emoji takes the reaction back."""
        event = events.reaction(page_id, psid, emoji, mid=mid, at_ms=self._now_ms())
        return await self._tell(self._known(page_id, psid), event, mid)

    async def reads(self, page_id: str, psid: str) -> DeliveryResult:
        """See everything that was sent so far."""
        now_ms = self._now_ms()
        return await self._tell(
            self._known(page_id, psid), events.read(page_id, psid, watermark_ms=now_ms, at_ms=now_ms)
        )

    async def receives(self, page_id: str, psid: str, mids: Sequence[str] = ()) -> DeliveryResult:
        """Let their device report the arrival of these messages, or of all so far."""
        said = self._world.conversation(page_id, psid)
        arrived = list(mids) or [item.mid for item in said if not item.from_customer]
        event = events.delivery(page_id, psid, arrived, watermark_ms=self._now_ms())
        return await self._tell(self._known(page_id, psid), event)

    async def _tell(self, person: Person, event: Event, mid: str = "") -> DeliveryResult:
        page = self._world.pages[person.page_id]
        field = events.field_of(event)
        deaf = deaf_level(self._app, page, field)
        if deaf:
            self._world.note_event(page.id, event, self._clock())
            return DeliveryResult(None, mid=mid, error=f"{deaf} has not subscribed {field}")
        return replace(await self._post(events.page_body(page.id, [event], at_ms=self._now_ms())), mid=mid)

    def _known(self, page_id: str, psid: str) -> Person:
        person = self._world.person(page_id, psid)
        if person is None:
            raise LookupError(f"page {page_id} has no person {psid}: add_person first")
        return person

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
