"""What could not be read is tried again, takes its place in time, and is there once."""

# ruff: noqa: ARG002  a translator of the test takes what the real one takes, and needs little of it

from dataclasses import replace

import pytest

from onsite.adapters.sql.quarantine import SqlQuarantine
from onsite.core.errors import TranslationError
from onsite.core.model import Platform, ReceiptState, Translation
from onsite.engine.bell import Bell
from onsite.engine.channels import ChannelRef
from onsite.engine.errors import EventNotFound
from onsite.engine.incoming import EventState, IncomingEvent
from onsite.engine.quarantine import AT_ONCE, Quarantine
from tests.integration.onsite.site import PSID, RunningSite, wire_event
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, receipt, said


class Upgraded:
    """A release that reads everything, unless it is told not to."""

    def __init__(self, store: Store) -> None:
        self.unreadable: set[bytes] = set()
        self.bell = Bell()
        self.store = SqlQuarantine(store.database)
        self.quarantine = Quarantine(
            self.store, translate_item=self._item, translate_update=self._update, bell=self.bell
        )

    def _item(self, kind: str, page_id: str, payload: bytes, *, received_at_ms: int) -> Translation:
        if payload in self.unreadable:
            raise TranslationError("still unreadable")
        name, _, at = payload.decode().partition("@")
        if name == "read":
            return Translation(f"r:{at}", (receipt(ReceiptState.READ, until=int(at)),))
        return Translation(f"m:{name}", (said(name, name, at=int(at)),))

    def _update(self, update: bytes, *, received_at_ms: int) -> Translation:
        return self._item("update", "", update, received_at_ms=received_at_ms)


@pytest.fixture
def upgraded(store: Store) -> Upgraded:
    return Upgraded(store)


def unreadable(payload: str, *, channel: ChannelRef = PAGE, kind: str = "messaging") -> IncomingEvent:
    """Make an event as a release that could not read it stores it."""
    return replace(
        event(f"raw:{payload}", channel=channel),
        kind=kind,
        payload=payload.encode(),
        state=EventState.QUARANTINED,
        error="it was unreadable",
    )


@on_both_databases
async def test_what_can_be_read_now_takes_its_place_by_its_time(store: Store, upgraded: Upgraded) -> None:
    await store.take(event("m:1", said("1", "first", at=1000)), unreadable("second@2000"))
    await store.take(event("m:3", said("3", "third", at=3000)))

    tried = await upgraded.quarantine.retry_next(behind=0)

    assert (tried.read, tried.still, tried.last) == (1, 0, None)
    assert await store.texts() == ["first", "second", "third"]
    assert (await store.event_states())["m:second"] == (EventState.TRANSLATED, "")
    assert await upgraded.store.newest(limit=10, before=None) == []
    with pytest.raises(EventNotFound):
        await upgraded.quarantine.retry(2)


@on_both_databases
async def test_what_still_cannot_be_read_stays_with_the_reason_of_today(store: Store, upgraded: Upgraded) -> None:
    await store.take(unreadable("broken"))
    upgraded.unreadable = {b"broken"}

    for _ in range(2):
        tried = await upgraded.quarantine.retry(1)
    assert (tried.read, tried.still) == (0, 1)
    (left,) = await upgraded.store.newest(limit=10, before=None)
    assert (left.tries, left.event.error, left.event.payload) == (3, "still unreadable", b"broken")


@on_both_databases
async def test_one_that_came_again_and_was_read_then_is_there_once(store: Store, upgraded: Upgraded) -> None:
    await store.take(unreadable("second@2000"))
    await store.take(event("m:second", said("second", "second", at=2000)))

    assert (await upgraded.quarantine.retry_next(behind=0)).read == 1
    assert await store.texts() == ["second"]
    assert await upgraded.store.newest(limit=10, before=None) == []


@on_both_databases
async def test_two_that_turn_out_to_be_the_same_are_one_message(store: Store, upgraded: Upgraded) -> None:
    await store.take(unreadable("second@2000"), unreadable("second@2000", kind="standby"))
    await store.take(replace(unreadable("second@2000", kind="standby"), key="raw:other"))

    assert (await upgraded.quarantine.retry_next(behind=0)).read == 2
    assert await store.texts() == ["second"]


@on_both_databases
async def test_a_receipt_that_can_be_read_now_moves_the_replies_on(store: Store, upgraded: Upgraded) -> None:
    await store.take(event("m:1", said("1", at=1000)))
    reply = await store.sent_reply("mid.1")
    await store.take(unreadable("read@9000"))
    await upgraded.quarantine.retry_next(behind=0)

    assert await store.state(reply) == "read"


@on_both_databases
async def test_many_are_tried_in_parts_each_once(store: Store, upgraded: Upgraded) -> None:
    count = AT_ONCE + 20
    await store.take(*(unreadable(f"text {number}@{number + 1}") for number in range(count)))
    upgraded.unreadable = {f"text {number}@{number + 1}".encode() for number in range(0, count, 2)}

    first = await upgraded.quarantine.retry_next(behind=0)
    assert first.last is not None
    rest = await upgraded.quarantine.retry_next(behind=first.last)
    assert (first.read + first.still, rest.read + rest.still, rest.last) == (AT_ONCE, 20, None)
    assert len(await store.texts()) == count // 2
    assert {each.tries for each in await upgraded.store.newest(limit=200, before=None)} == {2}


@on_both_databases
async def test_an_update_of_telegram_is_read_as_one(store: Store, upgraded: Upgraded) -> None:
    await store.take(unreadable("hello@1000", channel=BOT, kind="update"))
    await upgraded.quarantine.retry(1)

    assert (await store.conversation()).platform is Platform.TELEGRAM
    assert await store.texts() == ["hello"]


@on_both_databases
async def test_a_message_that_a_conversation_was_read_for_says_what_to_do_instead(
    store: Store, upgraded: Upgraded
) -> None:
    await store.take(unreadable("found", kind="found"))

    assert (await upgraded.quarantine.retry(1)).still == 1
    assert "onsite backfill" in (await upgraded.store.one(1)).event.error


async def test_over_the_api_it_is_listed_shown_and_tried_again(site: RunningSite) -> None:
    await site.push_events(wire_event({"sender": {"id": PSID}, "message": "no object"}))

    (listed,) = (await site.get("/quarantine"))["events"]
    assert (listed["error"], listed["tries"], listed["kind"]) == ("the event's message is no object", 1, "messaging")
    assert "raw" not in listed
    assert "no object" in (await site.get(f"/quarantine/{listed['id']}"))["raw"]
    assert await site.call("POST", "/quarantine/retry", {}) == (200, {"read": 0, "still": 1, "next": None})
    assert await site.call("POST", f"/quarantine/{listed['id']}/retry", {}) == (
        200,
        {"read": 0, "still": 1, "next": None},
    )
    assert (await site.get("/quarantine"))["events"][0]["tries"] == 3
    status, refusal = await site.call("POST", "/quarantine/99/retry", {})
    assert (status, refusal["error"]["code"]) == (404, "not_found")
