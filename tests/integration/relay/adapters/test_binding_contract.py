"""One suite for every store of bindings: Redis, a cluster of it, and the fake in memory.

What is promised here is the contract of `engine.binding`; what only Redis can do wrong is in `test_redis_bindings.py`.
"""

from collections.abc import Awaitable, Callable

import pytest

from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken
from relay.engine.binding import BindingStore
from tests.support.fakes import payloads
from tests.support.outbox_stores import Store

FIRST, SECOND = Mandate("1", 1), Mandate("1", 2)

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


class TestBindings:
    async def test_the_first_site_owns_a_page_until_it_is_erased(self, store: Store) -> None:
        assert await store.bindings.write(FIRST, "acme") == "acme"
        assert await store.bindings.write(FIRST, "beta") == "acme"
        assert await store.bindings.owners(["2", "1"]) == {"1": "acme"}
        await store.bindings.erase(FIRST, "beta")
        assert await store.bindings.owners(["1"]) == {"1": "acme"}
        await store.bindings.erase(FIRST, "acme")
        await store.bindings.erase(FIRST, "acme")
        assert await store.bindings.owners(["1"]) == {}
        assert await store.bindings.write(FIRST, "beta") == "beta"

    async def test_a_page_that_is_reserved_is_nobody_elses_and_webhooks_know_nothing_of_it(self, store: Store) -> None:
        assert await store.bindings.reserved_by("1") is None
        assert await store.bindings.reserve(FIRST, "acme") == "acme"
        assert await store.bindings.reserve(FIRST, "beta") == "acme"
        assert await store.bindings.write(FIRST, "beta") == "acme"
        assert (await store.bindings.owners(["1"]), await store.bindings.reserved_by("1")) == ({}, "acme")
        assert await store.bindings.write(FIRST, "acme") == "acme"
        assert (await store.bindings.owners(["1"]), await store.bindings.reserved_by("1")) == ({"1": "acme"}, "acme")
        assert await store.bindings.reserve(FIRST, "beta") == "acme"
        await store.bindings.erase(FIRST, "acme")
        assert await store.bindings.reserve(FIRST, "beta") == "beta"
        await store.bindings.erase(FIRST, "beta")
        assert await store.bindings.reserved_by("1") is None

    @pytest.mark.parametrize(
        "step",
        [
            pytest.param(lambda bindings: bindings.enter(FIRST), id="enter"),
            pytest.param(lambda bindings: bindings.reserve(FIRST, "beta"), id="reserve"),
            pytest.param(lambda bindings: bindings.write(FIRST, "beta"), id="write"),
            pytest.param(lambda bindings: bindings.erase(FIRST, "acme"), id="erase"),
            pytest.param(lambda bindings: bindings.fence(FIRST, "acme"), id="fence where it is"),
            pytest.param(lambda bindings: bindings.open(FIRST, "beta"), id="open where it is not"),
            pytest.param(lambda bindings: bindings.fence(FIRST, "~1"), id="fence where it waits"),
            pytest.param(lambda bindings: bindings.move(FIRST, "acme", limit=9), id="move"),
        ],
    )
    async def test_a_change_that_was_overtaken_can_do_nothing_any_more(
        self, store: Store, step: Callable[[BindingStore], Awaitable[object]]
    ) -> None:
        await store.add("~1", "waits")
        assert await store.bindings.enter(SECOND) is None
        assert await store.bindings.write(SECOND, "acme") == "acme"
        await store.bindings.open(SECOND, "acme")
        await store.bindings.open(SECOND, "~1")
        await store.bindings.fence(SECOND, "beta")
        with pytest.raises(ChangeOvertaken, match="change of page 1 stood still"):
            await step(store.bindings)

        assert await store.bindings.owners(["1"]) == {"1": "acme"}
        refused = {name: (await store.add(name, "new")).refused for name in ("acme", "beta", "~1")}
        assert refused == {"acme": [], "beta": [0], "~1": []}
        assert await store.waiting("~1") == payloads("waits", "new")

    async def test_another_page_is_another_matter(self, store: Store) -> None:
        await store.bindings.enter(SECOND)
        await store.bindings.fence(SECOND, "acme")

        assert await store.bindings.write(Mandate("2", 1), "acme") == "acme"
        await store.bindings.fence(Mandate("2", 1), "acme")

    async def test_moving_takes_the_oldest_first_behind_what_is_there(self, store: Store) -> None:
        await store.add("acme", "x")
        await store.add("~1", "a", "b", "c")

        assert await store.bindings.move(FIRST, "acme", limit=2) == 2
        assert await store.waiting("~1") == payloads("c")
        assert await store.bindings.move(FIRST, "acme", limit=2) == 1
        assert await store.bindings.move(FIRST, "acme", limit=2) == 0
        assert await store.waiting() == payloads("x", "a", "b", "c")

    async def test_what_was_moved_is_known_to_the_sweep(self, store: Store) -> None:
        await store.add("~1", "a")
        await store.bindings.move(FIRST, "acme", limit=9)

        assert {each.outbox: each.events for each in await store.due()} == {"~1": 0, "acme": 1}
