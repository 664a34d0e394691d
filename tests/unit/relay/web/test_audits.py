"""An operator has a page audited now: who may, which page, and what that changes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from relay.core.page import LockedPage
from relay.engine.audit_requests import FIRST_OF_ALL_MS, AuditRequests
from relay.engine.watchdog import TICK_S
from relay.web.app import build_app
from relay.web.audits import AuditRoutes

TOKEN = "admin-token-example"


class Relay:
    """A relay with a connected page, one that was bound without a token, and one that nobody has."""

    def __init__(self) -> None:
        self.planned: dict[str, int] = {}
        requests = AuditRequests(self.owners, self, self)
        app = build_app([AuditRoutes(requests, token=SecretStr(TOKEN))])
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        return {page: "acme" for page in page_ids if page in {"1", "2"}}

    async def many(self, page_ids: Sequence[str]) -> Mapping[str, LockedPage]:
        return {page: LockedPage(page, 1, 0) for page in page_ids if page == "1"}

    async def plan(self, times: Mapping[str, int]) -> None:
        self.planned |= times

    async def audit(self, page: str, token: str = TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.client.post(f"/admin/v1/bindings/{page}/audit", headers=headers)
        return answer.status, await answer.json()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay()
    async with relay.client:
        yield relay


async def test_a_connected_page_becomes_the_first_that_is_due(relay: Relay) -> None:
    assert await relay.audit("1") == (202, {"page_id": "1", "site": "acme", "within_s": TICK_S})
    assert relay.planned == {"1": FIRST_OF_ALL_MS}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param("2", "page 2 is bound without a token", id="bound without a token"),
        pytest.param("3", "page 3 is not bound", id="not bound"),
        pytest.param("acme", "'acme' is no page id", id="no page id"),
    ],
)
async def test_of_any_other_it_says_why_not_and_changes_nothing(relay: Relay, page: str, words: str) -> None:
    status, answer = await relay.audit(page)

    assert status == 409
    assert words in answer["error"]["message"]
    assert relay.planned == {}


async def test_without_the_token_nothing_is_done(relay: Relay) -> None:
    assert (await relay.audit("1", token="wrong"))[0] == 401
    assert relay.planned == {}
