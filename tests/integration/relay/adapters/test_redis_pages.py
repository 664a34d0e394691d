"""Connected pages in Redis, and the pages of one person among them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_pages import SCAN_AT_ONCE, RedisPages
from relay.core import keys
from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken, StoreUnavailable
from relay.core.page import ConnectedPage, LockedPage, PersonsPage
from shared.errors import VaultError
from shared.vault import Vault, new_master_key

ADA, GRACE = "218471", "218472"
TOKEN = SecretStr("EAAmarker")


def page(page_id: str, *, by: str = ADA, at_ms: int = 1_000) -> ConnectedPage:
    return ConnectedPage(page_id, "acme", "Acme", TOKEN, at_ms, by)


async def save(pages: RedisPages, page: ConnectedPage) -> None:
    await pages.save(page)


@pytest.fixture
def pages(redis: Redis) -> RedisPages:
    return RedisPages(redis, Vault([new_master_key()]))


async def test_a_page_is_read_as_it_was_saved_and_its_token_stands_nowhere_in_the_clear(
    pages: RedisPages, redis: Redis
) -> None:
    await pages.save(page("1122"))

    assert await pages.find("1122") == page("1122")
    assert TOKEN.get_secret_value() not in str(await redis.hvals(keys.PAGES))


async def test_what_was_saved_is_taken_back_for_what_was_there_before(pages: RedisPages, redis: Redis) -> None:
    first = await pages.save(page("1", by=GRACE))
    second = await pages.save(page("1", by=ADA, at_ms=2_000))
    await pages.undo("1", second)
    assert await pages.find("1") == page("1", by=GRACE)

    await pages.undo("1", first)
    assert await pages.find("1") is None
    assert not await redis.exists(keys.PAGES)


async def test_what_somebody_else_saved_since_is_not_taken_back(pages: RedisPages) -> None:
    first = await pages.save(page("1", by=GRACE))
    await pages.save(page("1", by=ADA))
    await pages.undo("1", first)

    assert await pages.find("1") == page("1", by=ADA)


async def test_a_record_that_cannot_be_read_costs_no_other_page(pages: RedisPages, redis: Redis) -> None:
    await pages.save(page("1"))
    await redis.hset(keys.PAGES, "2", b'{"site":5}')

    found = await pages.many(["1", "2"])
    assert found["1"] == page("1")
    assert found["2"] == LockedPage("2", 0, 0)
    assert await pages.of_person(ADA) == [PersonsPage("1", 1_000)]
    assert await pages.of_site("acme") == ["1"]


async def test_a_record_of_an_earlier_release_names_nobody(pages: RedisPages, redis: Redis) -> None:
    await pages.save(page("1122"))
    record = json.loads(await redis.hget(keys.PAGES, "1122") or b"")
    del record["connected_by"]
    await redis.hset(keys.PAGES, "1122", json.dumps(record))

    found = await pages.find("1122")

    assert found == page("1122", by="")
    assert await pages.of_person(ADA) == []


async def test_the_pages_of_a_person_are_found_and_those_of_others_are_not(pages: RedisPages) -> None:
    await pages.save(page("3", at_ms=7_000))
    await pages.save(page("1"))
    await pages.save(page("2", by=GRACE))
    await pages.save(page("4", by=""))

    assert await pages.of_person(ADA) == [PersonsPage("1", 1_000), PersonsPage("3", 7_000)]
    assert await pages.of_person("no such person") == []


async def test_a_page_that_somebody_else_connected_since_is_theirs(pages: RedisPages) -> None:
    await pages.save(page("1"))
    await pages.save(page("1", by=GRACE))

    assert await pages.of_person(ADA) == []
    assert await pages.of_person(GRACE) == [PersonsPage("1", 1_000)]


async def test_one_among_thousands_is_found(pages: RedisPages, redis: Redis) -> None:
    await pages.save(page("1", by=GRACE))
    record = await redis.hget(keys.PAGES, "1") or b""
    await redis.hset(keys.PAGES, mapping={str(number): record for number in range(SCAN_AT_ONCE * 10)})
    await pages.save(page("9999"))

    assert await pages.of_person(ADA) == [PersonsPage("9999", 1_000)]


async def test_what_was_forgotten_is_nobodys(pages: RedisPages) -> None:
    await pages.save(page("1"))
    await pages.forget("1")

    assert await pages.find("1") is None
    assert await pages.of_person(ADA) == []


async def test_trouble_is_our_error(pages: RedisPages, redis: Redis) -> None:
    await redis.set(keys.PAGES, "not a hash")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await pages.of_person(ADA)


class TestReassigning:
    """A page is another site's from now on."""

    @pytest.fixture
    async def kept(self, pages: RedisPages) -> ConnectedPage:
        await pages.save(page("1"))
        return page("1")

    @pytest.mark.usefixtures("kept")
    async def test_it_is_noted_with_the_time_and_what_else_is_known_of_the_page_stays(
        self, pages: RedisPages, redis: Redis
    ) -> None:
        before = await record_of(redis) | {"of_a_newer_release": [1]}
        await redis.hset(keys.PAGES, "1", json.dumps(before))

        moved = await pages.reassign(Mandate("1", 1), "beta", now_ms=5_000)

        assert moved == await pages.find("1") == ConnectedPage("1", "beta", "Acme", TOKEN, 1_000, ADA, 5_000)
        assert (moved.since_ms, await pages.of_site("beta")) == (5_000, ["1"])
        assert await record_of(redis) == before | {"site": "beta", "moved_at_ms": 5_000}
        assert await pages.of_person(ADA) == [PersonsPage("1", 1_000)], "a move is no consent of the person's"

    @pytest.mark.usefixtures("kept")
    async def test_done_again_by_whoever_finishes_the_change_it_keeps_the_time(self, pages: RedisPages) -> None:
        first = await pages.reassign(Mandate("1", 1), "beta", now_ms=5_000)

        assert await pages.reassign(Mandate("1", 2), "beta", now_ms=9_000) == first

    async def test_a_record_of_an_earlier_release_counts_from_when_it_was_connected(
        self, pages: RedisPages, redis: Redis, kept: ConnectedPage
    ) -> None:
        record = await record_of(redis)
        del record["moved_at_ms"]
        await redis.hset(keys.PAGES, "1", json.dumps(record))

        found = await pages.find("1")
        assert found == kept
        assert found.since_ms == kept.connected_at_ms

    async def test_of_a_page_without_a_token_nothing_is_kept(self, pages: RedisPages, redis: Redis) -> None:
        assert await pages.reassign(Mandate("1", 1), "beta", now_ms=5_000) is None
        assert not await redis.exists(keys.PAGES)

    @pytest.mark.usefixtures("kept")
    async def test_whoever_was_overtaken_writes_nothing(self, pages: RedisPages, redis: Redis) -> None:
        await pages.reassign(Mandate("1", 2), "beta", now_ms=5_000)
        before = await record_of(redis)
        with pytest.raises(ChangeOvertaken):
            await pages.reassign(Mandate("1", 1), "gamma", now_ms=6_000)

        assert await record_of(redis) == before

    async def test_a_token_that_no_key_opens_moves_with_the_page_and_is_told(self, redis: Redis) -> None:
        await RedisPages(redis, Vault([new_master_key()])).save(page("1"))
        before = await record_of(redis)
        with pytest.raises(VaultError):
            await RedisPages(redis, Vault([new_master_key()])).reassign(Mandate("1", 1), "beta", now_ms=5_000)

        assert await record_of(redis) == before | {"site": "beta", "moved_at_ms": 5_000}

    @pytest.mark.usefixtures("kept")
    async def test_what_somebody_wrote_between_reading_and_writing_is_not_lost(
        self, pages: RedisPages, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page is connected anew, by somebody else and with another token, just then."""
        meanwhile = ConnectedPage("1", "acme", "Acme Ltd", SecretStr("EAAnewer"), 4_000, GRACE)
        once = after_reading(redis, lambda: save(pages, meanwhile), monkeypatch)

        moved = await pages.reassign(Mandate("1", 1), "beta", now_ms=5_000)

        assert once == ["done"]
        assert moved == await pages.find("1")
        assert moved == ConnectedPage("1", "beta", "Acme Ltd", SecretStr("EAAnewer"), 4_000, GRACE, 5_000)

    @pytest.mark.usefixtures("kept")
    async def test_a_page_that_is_forgotten_between_reading_and_writing_stays_forgotten(
        self, pages: RedisPages, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once = after_reading(redis, lambda: pages.forget("1"), monkeypatch)

        assert await pages.reassign(Mandate("1", 1), "beta", now_ms=5_000) is None
        assert once == ["done"]
        assert not await redis.hexists(keys.PAGES, "1")


async def record_of(redis: Redis) -> dict[str, Any]:
    """Return what stands in Redis of page 1."""
    return dict(json.loads(await redis.hget(keys.PAGES, "1") or b""))


def after_reading(redis: Redis, act: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do something once, right after a record was read; returns a list that then says so."""
    done: list[str] = []
    hget = redis.hget

    async def read(name: str, key: str) -> Any:
        found = await hget(name, key)
        if not done:
            done.append("done")
            await act()
        return found

    monkeypatch.setattr(redis, "hget", read)
    return done
