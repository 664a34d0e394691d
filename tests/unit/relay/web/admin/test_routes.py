"""The admin API's routes, all of them: who may use them, what they say without Redis, and what they never tell."""

import pytest
from pydantic import SecretStr

from relay.web import admin
from relay.web.admin import PREFIX, AdminRoutes
from relay.web.app import build_app
from tests.support.admin_bench import TOKEN, Bench
from tests.support.logs import written_logs

ROUTES = [
    ("POST", "/sites"),
    ("GET", "/sites"),
    ("GET", "/sites/acme"),
    ("PATCH", "/sites/acme"),
    ("POST", "/sites/acme/pause"),
    ("POST", "/sites/acme/resume"),
    ("GET", "/bindings"),
    ("PUT", "/bindings/1"),
    ("DELETE", "/bindings/1"),
    ("GET", "/status"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
async def test_without_the_token_every_route_is_401_and_does_nothing(
    bench: Bench, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await bench.client.request(method, PREFIX + path, json={"name": "acme", "site": "acme"}, headers=headers)

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (await answer.json())["error"]["code"] == "unauthorized"
    assert await bench.redis.keys("*") == []


def test_every_route_of_the_admin_api_is_in_the_table_above_and_in_the_docstring() -> None:
    app = build_app([AdminRoutes(None, None, None, token=SecretStr(TOKEN))])  # type: ignore[arg-type]  # nothing is called
    routes = {
        (route.method, route.resource.canonical.removeprefix(PREFIX))
        for route in app.router.routes()
        if route.resource is not None
    }

    assert routes == {(method, path.replace("acme", "{site}").replace("/1", "/{page_id}")) for method, path in ROUTES}
    for method, path in routes:
        assert f"{method:6} {PREFIX}{path}" in (admin.__doc__ or "")


class TestTrouble:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_redis_away_is_503_in_words(
        self, bench: Bench, method: str, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object, **__: object) -> None:
            raise ConnectionRefusedError("redis away")

        for name in ("hsetnx", "hget", "hgetall", "hexists", "hmget", "execute_command"):
            monkeypatch.setattr(bench.redis, name, away)
        answer = await bench.client.request(
            method,
            PREFIX + path,
            json={"name": "acme", "url": "https://a.example", "site": "acme"},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await answer.json())["error"]["code"] == "store_unavailable"

    async def test_nothing_that_is_asked_puts_a_secret_into_the_log(self, bench: Bench) -> None:
        with written_logs() as logs:
            added = await bench.add_site()
            await bench.ask("GET", "/sites/nobody")
            await bench.ask("GET", "/sites", Authorization="Bearer hush-hush")

        assert added["secret"] not in logs.text
        assert TOKEN not in logs.text
        assert "hush-hush" not in logs.text
