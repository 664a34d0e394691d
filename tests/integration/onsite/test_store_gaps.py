"""Gaps are kept, overlapping ones as one, and how far each is read survives."""

import pytest

from onsite.core.gap import Span
from onsite.engine.errors import GapNotFound
from onsite.engine.gaps import GapState, ThreadRead
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said

pytestmark = on_both_databases


async def test_a_gap_of_a_page_that_nobody_has_set_up_is_kept_with_its_channel(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "the relay was off")

    assert (gap.page_id, gap.span, gap.reason, gap.state) == ("1122", Span(1000, 2000), "the relay was off", "waiting")
    assert [channel.ref for channel in await store.channels.channels()] == [PAGE]
    assert await store.gaps.channels_with_work() == [gap.channel_id]
    assert await store.gaps.next_gap(gap.channel_id) == gap


async def test_a_gap_told_twice_is_there_once(store: Store) -> None:
    first = await store.gaps.add(PAGE, Span(1000, 2000), "")
    await store.gaps.add_threads(first.id, ["t_1"])

    assert await store.gaps.add(PAGE, Span(1000, 2000), "") == first
    assert await store.gaps.add(PAGE, Span(1500, 1600), "") == first
    assert await store.gaps.next_thread(first.id) == "t_1"


async def test_gaps_that_meet_go_on_as_one_and_lead_there(store: Store) -> None:
    early = await store.gaps.add(PAGE, Span(1000, 2000), "")
    late = await store.gaps.add(PAGE, Span(3000, 4000), "")
    apart = await store.gaps.add(PAGE, Span(9000, 9500), "")
    middle = await store.gaps.add(PAGE, Span(1500, 2500), "")
    whole = await store.gaps.add(PAGE, Span(2500, 3500), "again")

    assert (whole.span, whole.listed) == (Span(1000, 4000), False)
    for part in (early, middle, late):
        gap = (await store.gaps.view(part.id)).gap
        assert (gap.state, gap.merged_into) == (GapState.MERGED, whole.id)
    assert [view.gap.id for view in await store.gaps.views(limit=9)] == [whole.id, apart.id]
    assert await store.gaps.next_gap(apart.channel_id) == apart


async def test_gaps_of_two_channels_and_gaps_that_are_done_stay_apart(store: Store) -> None:
    other = await store.gaps.add(BOT, Span(1000, 2000), "")
    done = await store.gaps.add(PAGE, Span(1000, 2000), "")
    await store.gaps.finish(done.id)
    new = await store.gaps.add(PAGE, Span(1000, 2000), "")

    assert len({other.id, done.id, new.id}) == 3
    assert await store.gaps.next_gap(done.channel_id) == new


async def test_what_is_written_of_a_gap_that_became_part_of_another_changes_nothing(store: Store) -> None:
    """Its reader may be on the way while it is merged."""
    part = await store.gaps.add(PAGE, Span(1000, 2000), "")
    whole = await store.gaps.add(PAGE, Span(1500, 3000), "")
    await store.gaps.listed(part.id)
    await store.gaps.note(part.id, "trouble", stopped=True)
    await store.gaps.finish(part.id)

    assert (await store.gaps.view(part.id)).gap.state is GapState.MERGED
    assert await store.gaps.next_gap(part.channel_id) == whole


async def test_threads_are_read_one_after_another_and_counted(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "")
    assert await store.gaps.add_threads(gap.id, ["t_1", "t_2"]) == 2
    assert await store.gaps.add_threads(gap.id, ["t_2", "t_3"]) == 1
    await store.gaps.listed(gap.id)
    await store.gaps.finish_thread(gap.id, ThreadRead("t_1", "psid-1", found=3, missing=0))
    await store.gaps.finish_thread(gap.id, ThreadRead("t_2", "psid-2", found=20, missing=5))

    assert await store.gaps.next_thread(gap.id) == "t_3"
    view = await store.gaps.view(gap.id)
    assert view.gap.listed
    assert (view.threads, view.read, view.found, view.beyond_reach_count, view.missing) == (3, 2, 23, 1, 5)
    assert view.beyond_reach == [ThreadRead("t_2", "psid-2", 20, 5)]


async def test_a_stopped_gap_waits_again_when_it_is_reopened(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "")
    await store.gaps.note(gap.id, "the token is dead", stopped=True)
    assert await store.gaps.channels_with_work() == []
    assert (await store.gaps.view(gap.id)).gap.sentence == "the token is dead"

    assert await store.gaps.reopen(gap.channel_id) == 1
    assert await store.gaps.next_gap(gap.channel_id) == gap
    assert await store.gaps.reopen(gap.channel_id) == 0


async def test_a_removed_channel_has_no_work(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "")
    await store.channels.remove_channel(gap.channel_id)

    assert await store.gaps.channels_with_work() == []


async def test_messages_that_are_here_are_not_missing(store: Store) -> None:
    await store.take(event("a", said("m1")), event("b", said("m2", who="psid-2")))
    (channel,) = await store.channels.channels()

    assert await store.gaps.missing(channel.id, "psid-1", ["m1", "m2", "m3"]) == {"m2", "m3"}
    assert await store.gaps.missing(channel.id, "nobody", ["m1"]) == {"m1"}


async def test_a_gap_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(GapNotFound, match="no backfill 7"):
        await store.gaps.view(7)
