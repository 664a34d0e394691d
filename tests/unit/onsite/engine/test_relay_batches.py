"""The relay's news of pages is acted on before its batch is acknowledged, and news that cannot be read is refused."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import Raw
from pydantic import SecretStr

from onsite.core.gap import Span
from onsite.engine.channels import Credentials
from onsite.engine.errors import StoreUnavailable
from onsite.engine.relay_batches import RelayBatches
from shared import page_events
from shared.page_events import PageConnected, PageDisconnected, PageTokenInvalid
from shared.page_token import PageToken, seal
from shared.site_secret import new_site_secret
from shared.wire import Batch, Event, Receipt

SECRET = new_site_secret()
TOKEN = PageToken(SecretStr("EAApage"), SecretStr("ab" * 32))


class Site:
    """Notes what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.database_is_away = False
        self.stored: set[str] = set()
        self.fault: Exception | None = None
        self.batches = RelayBatches(self, self, self, secret=SECRET)  # type: ignore[arg-type]  # an inbox, as far as it is used

    async def take_batch(self, batch: Batch) -> Receipt:
        """Store a batch."""
        self.told.append([event.id for event in batch.events])
        self.stored.update(event.id for event in batch.events)
        return Receipt(len(batch.events))

    async def known_news(self, news: Sequence[Event]) -> set[str]:
        """Tell what was stored."""
        return self.stored & {event.id for event in news}

    async def check(self) -> None:
        """Note the question whether something could be stored."""
        if self.database_is_away:
            raise StoreUnavailable("away")
        self.told.append("asked")

    async def page_connected(self, page_id: str, credentials: Credentials, *, name: str) -> None:
        """Note it."""
        if self.database_is_away:
            raise StoreUnavailable("away")
        self.told.append((page_id, credentials, name))

    async def page_disconnected(self, page_id: str, reason: str) -> None:
        """Note it."""
        if self.fault is not None:
            raise self.fault
        self.told.append((page_id, reason))

    async def page_token_died(self, page_id: str, reason: str) -> None:
        """Note it."""
        self.told.append((page_id, "dead", reason))

    async def gap_told(self, page_id: str, span: Span, reason: str) -> None:
        """Note it."""
        if self.database_is_away:
            raise StoreUnavailable("away")
        self.told.append((page_id, span, reason))

    async def take(self, *events: Event) -> Receipt:
        """Push a batch."""
        return await self.batches.take(Batch("acme", events, []))


@pytest.fixture
def site() -> Site:
    return Site()


def event(number: int, kind: str, payload: bytes, page: str = "1122") -> Event:
    return Event(f"1-{number}", page, "2026-11-22T10:20:00.000Z", kind, Raw(payload))


def connected(number: int = 1, *, secret: SecretStr = SECRET, page: str = "1122", sealed_for: str = "1122") -> Event:
    sealed = seal(TOKEN, page_id=sealed_for, secrets=[secret])
    return event(number, page_events.KIND_CONNECTED, page_events.encode(PageConnected("Acme", sealed)), page)


async def test_a_connected_page_is_known_before_the_batch_is_stored(site: Site) -> None:
    receipt = await site.take(event(0, "messaging", b"{}"), connected())

    assert receipt == Receipt(2, [])
    assert site.told == [("1122", Credentials(TOKEN.token, TOKEN.proof), "Acme"), ["1-0", "1-1"]]


async def test_a_disconnected_page_is_told_with_its_reason(site: Site) -> None:
    payload = page_events.encode(PageDisconnected("unbound by an operator"))
    await site.take(event(1, page_events.KIND_DISCONNECTED, payload))

    assert site.told == [("1122", "unbound by an operator"), ["1-1"]]


async def test_a_dead_token_is_told_with_its_reason(site: Site) -> None:
    payload = page_events.encode(PageTokenInvalid("The password was changed.", code=190, subcode=460))
    await site.take(event(1, page_events.KIND_TOKEN_INVALID, payload))

    assert site.told == [("1122", "dead", "The password was changed."), ["1-1"]]


GAP = event(
    1, page_events.KIND_GAP, b'{"from":"1970-01-01T00:00:01Z","to":"1970-01-01T01:00:02.5+01:00","reason":"off"}'
)


async def test_a_gap_is_kept_before_the_batch_is_stored(site: Site) -> None:
    await site.take(GAP)

    assert site.told == [("1122", Span(1000, 2500), "off"), ["1-1"]]


@pytest.mark.parametrize("news", [pytest.param(connected(), id="a connected page"), pytest.param(GAP, id="a gap")])
async def test_while_the_database_is_away_nothing_is_acknowledged(site: Site, news: Event) -> None:
    site.database_is_away = True

    with pytest.raises(StoreUnavailable):
        await site.take(news)
    assert site.told == []


@pytest.mark.parametrize(
    ("news", "words"),
    [
        pytest.param(connected(secret=new_site_secret()), "sealed for another secret", id="another site's"),
        pytest.param(connected(sealed_for="3344"), "sealed for another secret", id="another page's"),
        pytest.param(event(1, page_events.KIND_CONNECTED, b'{"name":1}'), "is no PageConnected", id="no news"),
        pytest.param(event(1, page_events.KIND_DISCONNECTED, b"{}"), "is no PageDisconnected", id="no reason"),
        pytest.param(event(1, page_events.KIND_GAP, b"{}"), "is no PageGap", id="a gap without times"),
        pytest.param(
            event(1, page_events.KIND_TOKEN_INVALID, b"[]"), "is no PageTokenInvalid", id="no reason of a dead token"
        ),
    ],
)
async def test_news_that_cannot_be_read_is_refused_and_costs_nothing_else(site: Site, news: Event, words: str) -> None:
    receipt = await site.take(news, event(2, "messaging", b"{}"))

    assert (receipt.accepted, [rejection.id for rejection in receipt.rejected]) == (1, ["1-1"])
    assert words in receipt.rejected[0].reason
    assert "EAApage" not in receipt.rejected[0].reason
    assert site.told == [["1-2"]]


async def test_a_fault_of_ours_over_one_event_costs_that_one_alone(site: Site) -> None:
    site.fault = ValueError("year 10000 is out of range")
    gone = event(1, page_events.KIND_DISCONNECTED, page_events.encode(PageDisconnected("unbound")))
    receipt = await site.take(gone, event(2, "messaging", b"{}"))

    assert [each.id for each in receipt.rejected] == ["1-1"]
    assert "the site failed over it (ValueError)" in receipt.rejected[0].reason
    assert site.told == [["1-2"]]


async def test_news_that_is_stored_is_not_acted_on_again(site: Site) -> None:
    gone = event(2, page_events.KIND_DISCONNECTED, page_events.encode(PageDisconnected("unbound")))
    for news in (connected(1), gone, connected(1)):
        await site.take(news)

    assert site.told[0][2] == "Acme"
    assert site.told[1:] == [["1-1"], ("1122", "unbound"), ["1-2"], ["1-1"]]


async def test_a_batch_that_is_still_worked_on_is_not_overtaken(site: Site) -> None:
    may_go_on = asyncio.Event()
    slow = site.take_batch

    async def take_batch(batch: Batch) -> Receipt:
        await may_go_on.wait()
        return await slow(batch)

    site.take_batch = take_batch  # type: ignore[method-assign]  # a database that takes its time
    gone = event(2, page_events.KIND_DISCONNECTED, page_events.encode(PageDisconnected("unbound")))
    batches = [asyncio.create_task(site.take(news)) for news in (connected(1), connected(1), gone)]
    may_go_on.set()
    await asyncio.gather(*batches)

    assert site.told[-2:] == [("1122", "unbound"), ["1-2"]]
    assert sum(each[2:] == ("Acme",) for each in site.told) == 1


async def test_kinds_of_a_later_release_and_odd_pages_are_left_to_the_inbox(site: Site) -> None:
    await site.take(event(1, "page.renamed", b"{}"), connected(2, page="no page", sealed_for="no page"))

    assert site.told == [["1-1", "1-2"]]


async def test_an_empty_batch_asks_whether_one_could_be_stored_and_stores_nothing(site: Site) -> None:
    assert await site.take() == Receipt(0)
    assert site.told == ["asked"]

    site.database_is_away = True
    with pytest.raises(StoreUnavailable):
        await site.take()
