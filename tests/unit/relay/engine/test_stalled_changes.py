"""Processes that stand still in the middle of a change of a binding, and wake when others have gone on.

No event is lost, goes to a site that does not own the page, is overtaken, or is refused for good, wherever they stand
still, in whatever order they wake, and whatever intake remembers. The same histories are played to a real Redis in
`tests/integration/relay/adapters/test_stalled_changes.py`.
"""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.change import STALE_AFTER_S
from tests.support.memory_changes import MemoryChanges
from tests.support.outbox_stores import memory_store
from tests.support.stalling import Action, History
from tests.support.strategies import STALLED_CHANGES

MOST_STOPS = 60
"""More than any change has."""
STOPS = 42
"""About as many as the longest has; before the first step nothing is recorded."""
STOPS_BEFORE_RECORD = {"move": 2}
"""A move looks whose page it is first; one that stands still there is a wish that has not begun."""


def new_history() -> History:
    """Make one on outboxes in memory."""
    store = memory_store()

    async def grow_stale() -> None:
        store.clock.advance(STALE_AFTER_S + 1)

    return History(store, MemoryChanges(store.clock), grow_stale=grow_stale)


@given(st.lists(STALLED_CHANGES, max_size=40))
def test_whatever_stands_still_and_wakes_the_page_stays_whole(actions: list[Action]) -> None:
    async def play() -> None:
        history = new_history()
        await history.play(*actions)
        await history.come_to_rest()

    asyncio.run(play())


TO_THE_END = ("step", (1, MOST_STOPS))
"""Of the second process that is not at its end: the first one stands still."""
SWEPT: list[Action] = [("stale", None), ("sweep", None), TO_THE_END]


@pytest.mark.parametrize("stops", range(1, STOPS))
@pytest.mark.parametrize(
    ("before", "stalled", "after"),
    [
        pytest.param([("bind", "acme")], ("unbind", None), [("bind", "beta")], id="unbind, then bound elsewhere"),
        pytest.param(
            [], ("bind", "acme"), [("unbind", None), ("bind", "beta")], id="bind, then unbound and bound elsewhere"
        ),
        pytest.param([], ("bind", "acme"), [("unbind", None)], id="bind, then unbound"),
        pytest.param(
            [("bind", "acme")], ("bind", "acme"), [("unbind", None), ("bind", "beta")], id="bind again, then elsewhere"
        ),
        pytest.param([("bind", "acme")], ("unbind", None), [("bind", "acme")], id="unbind, then bound there again"),
        pytest.param([("bind", "acme")], ("bind", "beta"), [("unbind", None)], id="bind that is refused, then unbound"),
        pytest.param([("bind", "acme")], ("move", "beta"), [("move", "acme")], id="move, then moved back"),
        pytest.param([("bind", "acme")], ("move", "beta"), [("unbind", None)], id="move, then unbound"),
        pytest.param(
            [("bind", "acme")], ("move", "beta"), [("unbind", None), ("bind", "acme")], id="move, then bound back"
        ),
        pytest.param(
            [("bind", "acme")], ("move", "beta"), [("move", "acme"), ("move", "beta")], id="move, then to and fro"
        ),
        pytest.param(
            [("bind", "acme")], ("unbind", None), [("move", "beta")], id="unbind, then moved, as it is nobody's"
        ),
        pytest.param([("bind", "acme")], ("bind", "acme"), [("move", "beta")], id="bind again, then moved"),
    ],
)
async def test_a_change_that_stands_still_anywhere_undoes_nothing_that_came_after_it(
    before: list[Action], stalled: Action, after: list[Action], stops: int
) -> None:
    history = new_history()
    await history.play(("offer", 0))
    for action in before:
        await history.play(action, ("step", (0, MOST_STOPS)), ("offer", 0), ("offer", 1))
    before_record = STOPS_BEFORE_RECORD.get(stalled[0], 0)
    await history.play(stalled, ("step", (0, before_record + stops)), *SWEPT)
    for action in after:
        await history.play(action, ("step", (-1, MOST_STOPS)), ("offer", 1))
    owner = await history.owner()
    await history.come_to_rest()

    _, last_wish = after[-1]
    assert owner == last_wish
    assert await history.owner() == owner


async def test_a_page_without_owner_or_change_that_is_fenced_all_the_same_is_refused_once_and_then_mended() -> None:
    history = new_history()
    assert history.store.memory is not None
    history.store.memory.box("~1").fenced.add("1")

    assert not await history.offer(0)
    assert await history.changes.pages() == ["1"]
    await history.come_to_rest()
