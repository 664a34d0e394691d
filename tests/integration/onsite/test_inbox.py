"""The inbox over a real store: whatever the relay pushes, the worst event costs only itself."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.exc import DBAPIError

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql import inbox as inbox_module
from onsite.adapters.sql.database import FILE_NAME, Database
from onsite.core.errors import TranslationError
from onsite.core.model import Author, Direction, Kind, MessageFact, Person, Translation
from onsite.engine.bell import Bell
from onsite.engine.errors import StoreUnavailable
from onsite.engine.inbox import Inbox
from onsite.engine.incoming import Applied, IncomingBatch
from onsite.engine.metrics import Metrics
from shared.wire import Batch, Event, Rejection, Unreadable
from tests.integration.onsite.store import Store


def translate(kind: str, page_id: str, payload: bytes, *, received_at_ms: int) -> Translation:
    """Do what the payload says."""
    word = msgspec.json.decode(payload, type=str)
    if word == "breaks":
        raise TranslationError("its timestamp is no number")
    if word == "bug":
        no_fact: Any = None
        return Translation("k", (no_fact,))
    if word == "nothing":
        return Translation("seen:1", ())
    at = 2**70 if word == "no time" else received_at_ms
    fact = MessageFact("psid-1", word, Direction.INBOUND, Author.CONTACT, at, Kind.TEXT, Person("psid-1"), text=word)
    return Translation(f"message:{word}", (fact,))


def translate_update(update: bytes, *, received_at_ms: int) -> Translation:
    """Read an update as an item."""
    return translate("messaging", "", update, received_at_ms=received_at_ms)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def inbox(store: Store, metrics: Metrics) -> Inbox:
    return Inbox(
        store.inbox,
        translate_item=translate,
        translate_update=translate_update,
        update_id_of=int,
        bell=Bell(),
        metrics=metrics,
        clock=lambda: 1234.5,
    )


def pushed(word: str, *, kind: str = "messaging", event_id: str = "1-0", page_id: str = "1122") -> Event:
    """Make an event of the relay's."""
    payload = msgspec.Raw(msgspec.json.encode(word))
    return Event(event_id, page_id, "2026-11-22T10:20:00.123Z", kind, payload)


async def test_a_batch_is_stored_and_counted(inbox: Inbox, store: Store, metrics: Metrics) -> None:
    receipt = await inbox.take_batch(Batch("acme", [pushed("one"), pushed("two")], []))

    assert (receipt.accepted, receipt.rejected) == (2, [])
    assert await store.texts() == ["one", "two"]
    assert (await store.messages())[0].sent_at_ms == 1_795_342_800_123
    assert inbox.last_batch_at_ms == 1_234_500
    assert b'onsite_events_total{platform="facebook",state="translated"} 2.0' in metrics.exposition()


async def test_a_repeated_batch_is_accepted_again_and_counted_as_repeated(
    inbox: Inbox, store: Store, metrics: Metrics
) -> None:
    await inbox.take_batch(Batch("acme", [pushed("one")], []))
    receipt = await inbox.take_batch(Batch("acme", [pushed("one")], []))

    assert receipt.accepted == 1
    assert await store.texts() == ["one"]
    assert b'onsite_events_repeated_total{platform="facebook"} 1.0' in metrics.exposition()


async def test_an_event_that_cannot_be_read_is_kept_with_its_reason_and_the_rest_goes_on(
    inbox: Inbox, store: Store
) -> None:
    receipt = await inbox.take_batch(Batch("acme", [pushed("one"), pushed("breaks"), pushed("three")], []))

    assert receipt.accepted == 3
    assert await store.texts() == ["one", "three"]
    quarantined = [error for state, error in (await store.event_states()).values() if state == "quarantined"]
    assert quarantined == ["its timestamp is no number"]


@pytest.mark.parametrize("word", ["bug", "no time"])
async def test_a_translator_that_returns_nonsense_costs_one_event(inbox: Inbox, store: Store, word: str) -> None:
    await inbox.take_batch(Batch("acme", [pushed(word), pushed("two")], []))

    assert await store.texts() == ["two"]
    assert (await store.reader.counts()).quarantined == 1


async def test_an_event_in_quarantine_that_comes_again_is_there_once(inbox: Inbox, store: Store) -> None:
    for event_id in ("1-0", "2-0"):
        await inbox.take_batch(Batch("acme", [pushed("breaks", event_id=event_id)], []))

    assert (await store.reader.counts()).quarantined == 1


@pytest.mark.parametrize("kind", ["page.connected", "page.gap", "something_of_next_year"])
async def test_kinds_that_are_no_platforms_are_kept_raw_and_make_their_channel(
    inbox: Inbox, store: Store, kind: str
) -> None:
    await inbox.take_batch(Batch("acme", [pushed("x", kind=kind), pushed("x", kind=kind, event_id="2-0")], []))

    assert list(await store.event_states()) == ["source:1-0", "source:2-0"]
    assert {state for state, _ in (await store.event_states()).values()} == {"ignored"}
    assert len(await store.channels.channels()) == 1


async def test_an_event_that_concerns_no_conversation_is_kept(inbox: Inbox, store: Store) -> None:
    await inbox.take_batch(Batch("acme", [pushed("nothing")], []))

    assert await store.event_states() == {"seen:1": ("stored", "")}


async def test_what_breaks_the_contract_is_rejected_by_name_and_the_rest_accepted(inbox: Inbox, store: Store) -> None:
    odd_page = pushed("two", event_id="3-0", page_id="no digits")

    receipt = await inbox.take_batch(Batch("acme", [pushed("one"), odd_page], [Unreadable("2-0", "no payload")]))

    assert receipt.accepted == 1
    assert receipt.rejected == [Rejection("2-0", "no payload"), Rejection("3-0", "its page_id is no page's id")]
    assert await store.texts() == ["one"]


async def test_a_database_that_is_away_is_told_and_nothing_is_accepted(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    async def unavailable(_: IncomingBatch) -> Applied:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(store.inbox, "apply", unavailable)

    with pytest.raises(StoreUnavailable):
        await inbox.take_batch(Batch("acme", [pushed("one")], []))
    assert inbox.last_batch_at_ms is None


async def test_whether_the_last_batch_was_refused_and_whether_the_next_would_be_is_known(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, store: Store, database: Database, data_dir: Path
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    refused = [inbox.last_batch_refused]
    with closing(sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await inbox.take_batch(Batch("acme", [pushed("one")], []))
        with pytest.raises(StoreUnavailable):
            await inbox.check()
    await inbox.check()
    refused.append(inbox.last_batch_refused)
    await inbox.take_batch(Batch("acme", [pushed("one")], []))
    refused.append(inbox.last_batch_refused)

    assert refused == [False, True, False]


async def test_trouble_that_a_driver_has_no_name_for_quarantines_nothing(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    def time_out(*_: object) -> None:
        raise DBAPIError("INSERT …", {}, Exception("canceling statement due to lock timeout"))

    with monkeypatch.context() as trouble:
        trouble.setattr(inbox_module, "ensure_channels", time_out)
        with pytest.raises(StoreUnavailable):
            await inbox.take_batch(Batch("acme", [pushed("one")], []))
    assert await store.event_states() == {}

    await inbox.take_batch(Batch("acme", [pushed("one")], []))
    assert await store.texts() == ["one"]


async def test_a_batch_that_the_store_cannot_take_goes_in_one_by_one(
    inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is known that would get so far: this is for what is not known."""
    apply = store.inbox.apply

    async def refuse_poison(batch: IncomingBatch) -> Applied:
        if any(event.key == "message:poison" for event in batch.events):
            raise OverflowError("of a kind that nobody foresaw")
        return await apply(batch)

    monkeypatch.setattr(store.inbox, "apply", refuse_poison)
    await inbox.take_batch(Batch("acme", [pushed("one"), pushed("poison"), pushed("three")], []))

    assert await store.texts() == ["one", "three"]
    assert [error[:13] for state, error in (await store.event_states()).values() if state == "quarantined"] == [
        "OverflowError"
    ]


@pytest.mark.parametrize("received_at", ["", "yesterday", "99999999999999"])
async def test_a_relay_that_tells_no_moment_gets_ours(inbox: Inbox, store: Store, received_at: str) -> None:
    event = msgspec.structs.replace(pushed("one"), received_at=received_at)
    await inbox.take_batch(Batch("acme", [event], []))

    assert (await store.messages())[0].sent_at_ms == 1_234_500
