"""Which outbox an event belongs to, from memory where that is enough."""

from collections.abc import Mapping, Sequence

import pytest

from relay.core.errors import StoreUnavailable
from relay.engine.routing import Routing
from tests.support.clock import ManualClock
from tests.support.memory_outboxes import MemoryOutboxes


class CountedDirectory(MemoryOutboxes):
    """Bindings, and what was asked for."""

    def __init__(self, **bindings: str) -> None:
        super().__init__(ManualClock())
        self.bindings = {page.removeprefix("page"): site for page, site in bindings.items()}
        self.asked: list[list[str]] = []

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(page_ids))
        return await super().owners(page_ids)


async def test_a_bound_page_goes_to_its_site_and_an_unbound_one_waits_under_its_own_name() -> None:
    routing = Routing(CountedDirectory(page1="acme"))

    assert await routing.outboxes(["1", "2", "1"]) == {"1": "acme", "2": "~2"}


async def test_each_page_is_looked_up_once() -> None:
    directory = CountedDirectory(page1="acme")
    routing = Routing(directory)
    await routing.outboxes(["1", "2", "2", "1"])
    await routing.outboxes(["2", "1"])
    await routing.outboxes(["1", "3"])

    assert directory.asked == [["1", "2"], ["3"]]


async def test_a_binding_that_changed_is_seen_once_it_is_forgotten() -> None:
    directory = CountedDirectory()
    routing = Routing(directory)
    assert await routing.outboxes(["1"]) == {"1": "~1"}
    directory.bindings["1"] = "acme"
    assert await routing.outboxes(["1"]) == {"1": "~1"}
    routing.forget(["1", "never-seen"])

    assert await routing.outboxes(["1"]) == {"1": "acme"}


async def test_the_least_recently_used_is_forgotten_first() -> None:
    directory = CountedDirectory()
    routing = Routing(directory, cached_pages=2)
    await routing.outboxes(["1"])
    await routing.outboxes(["2"])
    await routing.outboxes(["1"])
    await routing.outboxes(["3"])
    directory.asked.clear()
    await routing.outboxes(["1", "3"])
    assert directory.asked == []
    await routing.outboxes(["2"])

    assert directory.asked == [["2"]]


async def test_one_body_may_have_more_pages_than_are_remembered() -> None:
    routing = Routing(CountedDirectory(page1="acme"), cached_pages=2)

    assert await routing.outboxes(["1", "2", "3", "4"]) == {"1": "acme", "2": "~2", "3": "~3", "4": "~4"}


async def test_nothing_is_remembered_of_a_look_up_that_failed() -> None:
    directory = CountedDirectory(page1="acme")
    routing = Routing(directory)
    directory.broken = True
    with pytest.raises(StoreUnavailable):
        await routing.outboxes(["1"])
    directory.broken = False

    assert await routing.outboxes(["1"]) == {"1": "acme"}


async def test_no_pages_ask_nobody() -> None:
    directory = CountedDirectory()

    assert await Routing(directory).outboxes([]) == {}
    assert directory.asked == []
