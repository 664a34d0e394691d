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
from tests.support.clock import ManualClock
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.stalling import Action, History
from tests.support.strategies import STALLED_CHANGES

MOST_STOPS = 40
"""More than any change has."""
STOPS_OF_BIND = 24
"""About as many as the longest has; before the first step nothing is recorded."""


def new_history() -> History:
    """Make one on outboxes in memory."""
    clock = ManualClock()
    store, changes = MemoryOutboxes(clock), MemoryChanges(clock)

    async def waiting(outbox: str) -> list[bytes]:
        return store.payloads(outbox)

    async def grow_stale() -> None:
        clock.advance(STALE_AFTER_S + 1)

    return History(store, store, changes, changes, waiting=waiting, grow_stale=grow_stale)


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


@pytest.mark.parametrize("stops", range(1, STOPS_OF_BIND))
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
    ],
)
async def test_a_change_that_stands_still_anywhere_undoes_nothing_that_came_after_it(
    before: list[Action], stalled: Action, after: list[Action], stops: int
) -> None:
    history = new_history()
    await history.play(("offer", 0))
    for action in before:
        await history.play(action, ("step", (0, MOST_STOPS)), ("offer", 0), ("offer", 1))
    await history.play(stalled, ("step", (0, stops)), *SWEPT)
    for action in after:
        await history.play(action, ("step", (-1, MOST_STOPS)), ("offer", 1))
    owner = await history.bindings.reserved_by("1")
    await history.come_to_rest()

    _, last_wish = after[-1]
    assert owner == last_wish
    assert await history.bindings.reserved_by("1") == owner


async def test_a_page_without_owner_or_change_that_is_fenced_all_the_same_is_refused_once_and_then_mended() -> None:
    history = new_history()
    store = history.bindings
    assert isinstance(store, MemoryOutboxes)
    store.box("~1").fenced.add("1")

    assert not await history.offer(0)
    assert await history.changes.pages() == ["1"]
    await history.come_to_rest()
