"""Gaps are kept, overlapping ones as one, and how far each is read survives."""

import pytest

from onsite.core.gap import Span
from onsite.engine.errors import GapNotFound
from onsite.engine.gaps import Gap, GapState, ThreadRead
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said

pytestmark = on_both_databases

NOW_MS = 1_795_000_000_000


async def test_a_gap_of_a_page_that_nobody_has_set_up_is_kept_with_its_channel(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "the relay was off", now_ms=NOW_MS)

    assert (gap.page_id, gap.span, gap.reason, gap.state) == ("1122", Span(1000, 2000), "the relay was off", "waiting")
    assert [channel.ref for channel in await store.channels.channels()] == [PAGE]
    assert await store.gaps.channels_with_work() == [gap.channel_id]
    assert await store.gaps.next_gap(gap.channel_id) == gap


async def test_a_gap_told_twice_is_there_once(store: Store) -> None:
    first = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    await store.gaps.add_threads(first.id, ["t_1"])

    assert await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS) == first
    assert await store.gaps.add(PAGE, Span(1500, 1600), "", now_ms=NOW_MS) == first
    assert await store.gaps.next_thread(first.id) == "t_1"


async def test_gaps_that_meet_go_on_as_one_and_lead_there(store: Store) -> None:
    early = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    late = await store.gaps.add(PAGE, Span(3000, 4000), "", now_ms=NOW_MS)
    apart = await store.gaps.add(PAGE, Span(9000, 9500), "", now_ms=NOW_MS)
    middle = await store.gaps.add(PAGE, Span(1500, 2500), "", now_ms=NOW_MS)
    whole = await store.gaps.add(PAGE, Span(2500, 3500), "again", now_ms=NOW_MS)

    assert (whole.span, whole.listed) == (Span(1000, 4000), False)
    for part in (early, middle, late):
        gap = (await store.gaps.view(part.id)).gap
        assert (gap.state, gap.merged_into) == (GapState.MERGED, whole.id)
    assert [view.gap.id for view in await store.gaps.views(limit=9)] == [whole.id, apart.id]
    assert await store.gaps.next_gap(apart.channel_id) == apart


async def test_a_gap_that_is_being_read_goes_on_whatever_else_is_told(store: Store) -> None:
    """A page that is unsubscribed every hour has gaps that always meet."""
    begun = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    await store.gaps.add_threads(begun.id, ["t_1", "t_2"])
    await store.gaps.listed(begun.id)
    await store.gaps.finish_thread(begun.id, ThreadRead("t_1", "psid-1", found=3, missing=0))

    following = await store.gaps.add(PAGE, Span(1900, 3000), "", now_ms=NOW_MS)
    last = await store.gaps.add(PAGE, Span(2900, 4000), "", now_ms=NOW_MS)

    assert (await store.gaps.view(begun.id)).read == 1
    assert await store.gaps.next_thread(begun.id) == "t_2"
    assert (await store.gaps.view(following.id)).gap.merged_into == last.id
    assert last.span == Span(1900, 4000)
    await store.gaps.finish(begun.id, now_ms=NOW_MS)
    assert await store.gaps.next_gap(begun.channel_id) == last


async def test_gaps_of_two_channels_and_gaps_that_are_done_stay_apart(store: Store) -> None:
    other = await store.gaps.add(BOT, Span(1000, 2000), "", now_ms=NOW_MS)
    done = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    await store.gaps.finish(done.id, now_ms=NOW_MS)
    new = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)

    assert len({other.id, done.id, new.id}) == 3
    assert await store.gaps.next_gap(done.channel_id) == new


async def test_what_is_written_of_a_gap_that_became_part_of_another_changes_nothing(store: Store) -> None:
    """Its reader may be on the way while it is merged."""
    part = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    whole = await store.gaps.add(PAGE, Span(1500, 3000), "", now_ms=NOW_MS)
    await store.gaps.listed(part.id)
    await store.gaps.note(part.id, "trouble", stopped=True)
    await store.gaps.finish(part.id, now_ms=NOW_MS)

    assert (await store.gaps.view(part.id)).gap.state is GapState.MERGED
    assert await store.gaps.next_gap(part.channel_id) == whole


async def test_threads_are_read_one_after_another_and_counted(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
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
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    await store.gaps.note(gap.id, "the token is dead", stopped=True)
    assert await store.gaps.channels_with_work() == []
    assert (await store.gaps.view(gap.id)).gap.sentence == "the token is dead"

    assert await store.gaps.reopen(gap.channel_id) == 1
    assert await store.gaps.next_gap(gap.channel_id) == gap
    assert await store.gaps.reopen(gap.channel_id) == 0


async def test_a_removed_channel_has_no_work(store: Store) -> None:
    gap = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
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


async def test_a_pause_that_facebook_asked_for_is_kept_also_when_the_gap_becomes_part_of_another(store: Store) -> None:
    part = await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
    await store.gaps.note(part.id, "a pause", not_before_ms=NOW_MS + 60_000)
    assert (await store.gaps.view(part.id)).gap.not_before_ms == NOW_MS + 60_000

    whole = await store.gaps.add(PAGE, Span(1500, 3000), "", now_ms=NOW_MS)

    assert whole.not_before_ms == NOW_MS + 60_000
    await store.gaps.note(whole.id, "")
    assert (await store.gaps.view(whole.id)).gap.not_before_ms == 0


async def ended(store: Store, number: int, *, at_ms: int, missing: int = 0) -> Gap:
    """Keep a gap that is done, with a thread."""
    gap = await store.gaps.add(PAGE, Span(10_000 * number, 10_000 * number + 1), "", now_ms=at_ms)
    await store.gaps.add_threads(gap.id, ["t_1"])
    await store.gaps.finish_thread(gap.id, ThreadRead("t_1", "psid-1", found=1, missing=missing))
    await store.gaps.finish(gap.id, now_ms=at_ms)
    return gap


class TestWhatEnded:
    async def test_what_is_open_is_shown_first_then_what_is_new_or_misses_something(self, store: Store) -> None:
        await ended(store, 1, at_ms=NOW_MS - 2)
        missing = await ended(store, 2, at_ms=NOW_MS - 2, missing=5)
        stopped = await store.gaps.add(PAGE, Span(1, 2), "", now_ms=NOW_MS)
        await store.gaps.note(stopped.id, "no token", stopped=True)
        new = await ended(store, 3, at_ms=NOW_MS)

        shown = await store.gaps.views_of_interest(limit=9, ended_since_ms=NOW_MS - 1)
        assert [view.gap.id for view in shown] == [stopped.id, new.id, missing.id]
        (first,) = await store.gaps.views_of_interest(limit=1, ended_since_ms=NOW_MS - 1)
        assert first.gap.id == stopped.id

    async def test_it_goes_with_its_threads_when_it_is_old_and_what_is_open_stays(self, store: Store) -> None:
        old = await ended(store, 1, at_ms=NOW_MS - 2)
        new = await ended(store, 2, at_ms=NOW_MS)
        open_ = await store.gaps.add(PAGE, Span(1, 2), "", now_ms=NOW_MS - 2)

        assert await store.gaps.prune(ended_before_ms=NOW_MS - 1, keep=9, at_most=9) == 1
        assert {view.gap.id for view in await store.gaps.views(limit=9)} == {new.id, open_.id}
        assert (await store.counts())["gap_threads"] == 1
        with pytest.raises(GapNotFound):
            await store.gaps.view(old.id)
        assert await store.gaps.prune(ended_before_ms=NOW_MS - 1, keep=9, at_most=9) == 0

    async def test_only_the_newest_are_kept_however_many_end_in_a_day(self, store: Store) -> None:
        kept = [await ended(store, number, at_ms=NOW_MS + number) for number in range(1, 6)][-2:]
        gone = [await store.gaps.prune(ended_before_ms=0, keep=2, at_most=2) for _ in range(3)]

        assert gone == [2, 1, 0]
        assert [view.gap.id for view in await store.gaps.views(limit=9)] == [gap.id for gap in reversed(kept)]

    async def test_what_became_part_of_a_gap_goes_with_it(self, store: Store) -> None:
        await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
        whole = await store.gaps.add(PAGE, Span(1500, 3000), "", now_ms=NOW_MS)
        await store.gaps.finish(whole.id, now_ms=NOW_MS - 2)

        assert await store.gaps.prune(ended_before_ms=NOW_MS - 1, keep=9, at_most=9) == 1
        assert (await store.counts())["gaps"] == 0

    async def test_what_became_part_of_an_open_gap_goes_when_it_is_old(self, store: Store) -> None:
        await store.gaps.add(PAGE, Span(1000, 2000), "", now_ms=NOW_MS)
        whole = await store.gaps.add(PAGE, Span(1500, 3000), "", now_ms=NOW_MS - 2)

        assert await store.gaps.prune(ended_before_ms=NOW_MS - 1, keep=9, at_most=9) == 1
        assert await store.gaps.next_gap(whole.channel_id) == whole
