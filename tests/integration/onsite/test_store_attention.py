"""What asks for somebody in a conversation: unread messages, a customer who waits, whether it is open."""

from dataclasses import replace

import pytest

from onsite.adapters.sql.attention import MOST_COUNTED, SqlAttention
from onsite.core.errors import ConversationNotFound
from onsite.core.model import Author, Change, Kind
from onsite.core.window import WINDOW_MS
from tests.integration.onsite.site import PAGE_ID, PSID, RunningSite
from tests.integration.onsite.store import BOT, Store, echo, event, on_both_databases, said


@pytest.fixture
def attention(store: Store) -> SqlAttention:
    return SqlAttention(store.database)


async def asks(store: Store) -> tuple[int, int | None, bool]:
    """Return unread messages, since when the customer waits, and whether it is open."""
    only = await store.conversation()
    return only.unread, only.waiting_since_ms, only.is_open


@on_both_databases
async def test_what_a_customer_says_is_unread_and_waits_until_somebody_answers(store: Store) -> None:
    await store.take(event("m:1", said("1", at=1000)), event("m:2", said("2", at=2000)))
    assert await asks(store) == (2, 1000, True)

    await store.reply()
    assert await asks(store) == (0, None, True)
    await store.take(event("m:3", said("3", at=7000)))
    assert await asks(store) == (1, 7000, True)


@on_both_databases
async def test_an_answer_that_was_given_elsewhere_counts_too(store: Store) -> None:
    await store.take(event("m:1", said("1", at=1000)), event("e:2", echo("2", at=2000)))
    assert await asks(store) == (0, None, True)


@on_both_databases
async def test_an_answer_that_arrives_late_hides_nothing_that_was_said_after_it(store: Store) -> None:
    await store.take(event("m:1", said("1", at=3000)))
    await store.take(event("e:2", echo("2", at=2000)))

    assert await asks(store) == (1, 3000, True)


@on_both_databases
async def test_what_arrives_late_is_unread_however_old_it_is(store: Store, attention: SqlAttention) -> None:
    await store.take(event("m:2", said("2", at=2000)))
    await store.reply()
    await store.take(event("m:1", said("1", at=1000)))

    assert await asks(store) == (1, None, True)
    await attention.seen(1)
    assert await asks(store) == (0, None, True)


@on_both_databases
async def test_to_look_is_not_to_answer(store: Store, attention: SqlAttention) -> None:
    await store.take(event("m:1", said("1", at=1000)))
    await attention.seen(1)

    assert await asks(store) == (0, 1000, True)


@on_both_databases
async def test_a_closed_conversation_opens_again_with_what_the_customer_says_next(
    store: Store, attention: SqlAttention
) -> None:
    await store.take(event("m:1", said("1", at=5000)))
    await attention.close(1)
    assert await asks(store) == (0, None, False)
    await store.take(event("e:2", echo("2", at=6000)))
    assert (await asks(store))[2] is False, "an answer from elsewhere opens nothing"

    await store.take(event("m:0", said("0", at=4000)))
    assert await asks(store) == (1, None, True), "late, and still nobody has seen it"
    await attention.close(1)
    await attention.reopen(1)
    assert (await asks(store))[2] is True


@on_both_databases
async def test_a_notice_of_the_platforms_own_asks_for_nobody(store: Store) -> None:
    system = replace(said("1", "somebody joined", at=1000), author=Author.SYSTEM, kind=Kind.NOTICE)
    await store.take(event("m:1", system))

    assert await asks(store) == (0, None, True)


@on_both_databases
async def test_an_edit_is_no_further_message(store: Store) -> None:
    edit = replace(said("e1", "at five", at=2000), change=Change.EDIT, about_key="1")
    await store.take(event("m:1", said("1", at=1000)), event("e:1", edit))

    assert await asks(store) == (1, 1000, True)


@on_both_databases
async def test_beyond_a_hundred_nobody_counts(store: Store) -> None:
    await store.take(*(event(f"m:{number}", said(str(number), at=1000 + number)) for number in range(MOST_COUNTED + 9)))

    assert (await asks(store))[0] == MOST_COUNTED


@on_both_databases
async def test_messengers_window_ends_a_day_after_what_the_customer_did_last(store: Store) -> None:
    reaction = replace(said("r", "❤", at=9000), kind=Kind.NOTICE, change=Change.REACTION, about_key="x")
    await store.take(event("m:1", said("1", at=1000)), event("r:1", reaction), event("e:2", echo("2", at=20_000)))
    assert (await store.conversation()).window_until_ms == 9000 + WINDOW_MS


@on_both_databases
async def test_telegram_has_no_window(store: Store) -> None:
    await store.take(event("m:1", said("1", at=1000), channel=BOT))
    assert (await store.conversation()).window_until_ms is None


@pytest.mark.parametrize("change", ["seen", "close", "reopen"])
@on_both_databases
async def test_a_conversation_that_is_not_there_is_said_to_be(attention: SqlAttention, change: str) -> None:
    with pytest.raises(ConversationNotFound, match="there is no conversation 7"):
        await getattr(attention, change)(7)


async def test_over_the_api_a_conversation_is_closed_and_opens_again(site: RunningSite) -> None:
    async def state() -> tuple[str, int, bool]:
        (only,) = (await site.get("/conversations"))["conversations"]
        return only["state"], only["unread"], only["waiting_since"] is not None

    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    assert await state() == ("open", 1, True)
    assert (await site.call("POST", "/conversations/1/close", {}))[0] == 204
    assert await state() == ("closed", 0, False)
    await site.graph.customer_says(PAGE_ID, PSID, "one more thing")
    assert await state() == ("open", 1, True)
    assert (await site.call("POST", "/conversations/9/seen", {}))[0] == 404
