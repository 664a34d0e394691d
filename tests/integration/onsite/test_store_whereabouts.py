"""Where a conversation stands with its platform: blocked, back again, moved on."""

from onsite.core.model import MoveFact, ReachFact
from tests.integration.onsite.store import BOT, Store, event, on_both_databases, said

pytestmark = on_both_databases


async def test_who_blocks_us_and_comes_back_is_shown_and_what_is_told_late_changes_nothing(store: Store) -> None:
    async def reachable() -> bool:
        return (await store.conversation()).reachable

    await store.take(event("m:1", said("1")), event("b:1", ReachFact("psid-1", reachable=False, at_ms=5000)))
    assert await reachable() is False
    await store.take(event("b:2", ReachFact("psid-1", reachable=True, at_ms=7000)))
    assert await reachable() is True
    await store.take(event("b:3", ReachFact("psid-1", reachable=False, at_ms=6000)))
    assert await reachable() is True


async def test_a_group_that_moves_says_where_it_goes_on_and_keeps_messages_of_the_same_number(store: Store) -> None:
    await store.take(event("m:old", said("1", "before", who="-55"), channel=BOT))
    await store.take(event("x", MoveFact("-55", "-100"), channel=BOT))
    (old,) = await store.reader.conversations(limit=9, before=None)
    assert old.moved_to is None, "where nothing was said yet nobody is sent"

    await store.take(event("m:new", said("1", "after", who="-100", at=2000), channel=BOT))
    new, old = await store.reader.conversations(limit=9, before=None)
    assert (old.key, old.moved_to, new.moved_to) == ("-55", new.id, None)
    assert (old.last_text, new.last_text) == ("before", "after")


async def test_of_a_conversation_that_is_not_here_nothing_is_kept(store: Store) -> None:
    await store.take(event("x", MoveFact("-55", "-100")), event("b", ReachFact("-55", reachable=False, at_ms=1)))

    assert await store.reader.conversations(limit=9, before=None) == []
