"""An empty push, by which the relay tries this site: it proves the whole way, and leaves nothing behind."""

import sqlite3
import time

import aiohttp
import pytest

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql.database import FILE_NAME
from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from shared.signing import sign
from shared.site_secret import new_site_secret
from shared.wire import EVENTS_PATH
from tests.integration.onsite.site import SECRET, RunningSite, batch


def contents_of(site: RunningSite) -> list[str]:
    """Return all that the database holds."""
    with sqlite3.connect(site.settings.data_dir / FILE_NAME) as file:
        return list(file.iterdump())


async def test_it_is_answered_as_a_stored_one_is_and_stores_nothing(site: RunningSite) -> None:
    await site.customer_says("hello", mid="m1")
    before, status_before = contents_of(site), await site.get("/status")
    for _ in range(3):
        assert await site.push(batch([])) == (200, {"accepted": 0})

    assert contents_of(site) == before
    assert (await site.get("/status"))["relay"] == status_before["relay"]


async def test_it_has_to_be_signed_for_this_very_site(site: RunningSite) -> None:
    status, answer = await site.push(batch([]), secret=new_site_secret())
    assert (status, answer["error"]["code"]) == (403, "bad_signature")

    status, answer = await site.push(batch([], site="beta"))
    assert (status, answer["error"]["code"]) == (403, "wrong_site")


async def test_it_is_refused_while_nothing_could_be_stored(
    settings: OnsiteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    body = batch([])
    headers = sign(body, message_id="trial_1", timestamp_s=int(time.time()), secrets=[SECRET])
    async with serving(settings) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        holder = sqlite3.connect(settings.data_dir / FILE_NAME, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        async with http.post(EVENTS_PATH, data=body, headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        holder.close()
        async with http.post(EVENTS_PATH, data=body, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {"accepted": 0})
