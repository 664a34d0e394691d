"""Connected pages in Redis, and the pages of one person among them."""

import json

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_pages import SCAN_AT_ONCE, RedisPages
from relay.core import keys
from relay.core.errors import StoreUnavailable
from relay.core.page import ConnectedPage, PersonsPage
from shared.vault import Vault, new_master_key

ADA, GRACE = "218471", "218472"
TOKEN = SecretStr("EAAmarker")


def page(page_id: str, *, by: str = ADA, at_ms: int = 1_000) -> ConnectedPage:
    return ConnectedPage(page_id, "acme", "Acme", TOKEN, at_ms, by)


@pytest.fixture
def pages(redis: Redis) -> RedisPages:
    return RedisPages(redis, Vault([new_master_key()]))


async def test_a_page_is_read_as_it_was_saved_and_its_token_stands_nowhere_in_the_clear(
    pages: RedisPages, redis: Redis
) -> None:
    await pages.save(page("1122"))

    assert await pages.find("1122") == page("1122")
    assert TOKEN.get_secret_value() not in str(await redis.hvals(keys.PAGES))


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
