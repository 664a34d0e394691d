"""The application around the routes: their troubles as answers, and the size of what it takes."""

from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.core.errors import SiteNotFound, StoreUnavailable
from relay.web.app import build_app


class Raising:
    """One route that fails in its way."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self._error = error

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.fail)

    async def fail(self, _request: web.Request) -> web.Response:
        raise self._error()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (lambda: StoreUnavailable("away"), 503, "store_unavailable"),
        (lambda: SiteNotFound("acme"), 409, "refused"),
        (lambda: KeyError("a bug"), 500, "internal"),
        (web.HTTPNotFound, 404, "not_found"),
    ],
    ids=["Redis away", "a mistake", "a fault of ours", "not found"],
)
async def test_every_error_is_an_answer_in_json(error: Callable[[], Exception], status: int, code: str) -> None:
    async with TestClient(TestServer(build_app([Raising(error)]))) as client:
        answer = await client.get("/")

        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
        assert (answer.headers.get("Retry-After") == "2") is (status == 503)


async def test_several_sets_of_routes_share_one_application() -> None:
    class Elsewhere(Raising):
        def add_to(self, app: web.Application) -> None:
            app.router.add_get("/elsewhere", self.fail)

    async with TestClient(
        TestServer(build_app([Raising(lambda: StoreUnavailable("a")), Elsewhere(web.HTTPGone)]))
    ) as client:
        assert [(await client.get(path)).status for path in ("/", "/elsewhere")] == [503, 410]
