"""Who may have a site tried, how often, and what they are told."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from yarl import URL

from relay.core.errors import SiteNotFound, StoreUnavailable, TrialUnderWay
from relay.core.site import Site
from relay.core.trial import Trial, TrialCode
from relay.engine.site_callers import SiteCallers
from relay.web.app import build_app
from relay.web.trials import BURST, BUSY_S, MAX_BODY_BYTES, TrialRoutes
from shared.errors import VaultError
from shared.site_secret import api_token, new_site_secret

ACME, BETA = new_site_secret(), new_site_secret()
ADMIN = "admin-token-example"
OWN, ANY = "/v1/sites/acme/check", "/admin/v1/sites/acme/check"


class World:
    """The routes on a real server, over a way to sites that a test holds in its hands."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.trouble: Exception | None = None
        self.trial = Trial("https://acme.example/relay/events", TrialCode.HTTP_STATUS, "the site answered 502", 502, 9)
        routes = TrialRoutes(self, SiteCallers(self, self), admin_token=SecretStr(ADMIN))  # type: ignore[arg-type]  # trials, as far as they are used
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def find(self, names: Sequence[str]) -> Mapping[str, Site]:
        """Stand in for the sites."""
        sites = {"acme": ACME, "beta": BETA}
        return {name: Site(name, "https://x.example", (sites[name],), 1) for name in names if name in sites}

    async def note(self, site: str, token: bytes) -> None:
        """Stand in for the notes of secrets in use; no secret rotates here."""
        raise AssertionError((site, token))

    async def run(self, name: str) -> Trial:
        """Stand in for the trials."""
        self.tried.append(name)
        if self.trouble is not None:
            raise self.trouble
        return self.trial

    async def ask(self, path: str, token: str, body: bytes = b"{}") -> tuple[int, Any, Mapping[str, str]]:
        """Call; returns status, decoded answer and headers."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.post(URL(path, encoded=True), data=body, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with world.client:
        yield world


def of(secret: SecretStr) -> str:
    return api_token(secret).get_secret_value()


@pytest.mark.parametrize(("path", "token"), [(OWN, of(ACME)), (ANY, ADMIN)], ids=["the site", "the operator"])
async def test_both_are_told_what_was_found(world: World, path: str, token: str) -> None:
    status, answer, _ = await world.ask(path, token)

    assert (status, answer) == (
        200,
        {
            "site": "acme",
            "address": "https://acme.example/relay/events",
            "reached": False,
            "code": "http_status",
            "words": "the site answered 502",
            "status": 502,
            "took_ms": 9,
        },
    )
    assert world.tried == ["acme"]


@pytest.mark.parametrize(
    ("path", "token"),
    [
        pytest.param(OWN, "", id="nobody"),
        pytest.param(OWN, of(BETA), id="another site"),
        pytest.param(OWN, ADMIN, id="the operator in a site's place"),
        pytest.param(OWN, ACME.get_secret_value(), id="the secret itself"),
        pytest.param("/v1/sites/nobody/check", of(ACME), id="for a site that is not there"),
        pytest.param("/v1/sites/ac%2Fme/check", of(ACME), id="for a name that is none"),
        pytest.param(ANY, of(ACME), id="a site in the operator's place"),
    ],
)
async def test_nobody_else_has_anything_tried(world: World, path: str, token: str) -> None:
    status, answer, _ = await world.ask(path, token)

    assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert world.tried == []


async def test_a_site_that_asks_in_a_loop_has_few_pushes_made_and_the_operator_is_not_kept_from_his(
    world: World,
) -> None:
    answers = [await world.ask(OWN, of(ACME)) for _ in range(BURST + 10)]

    assert [status for status, _, _ in answers] == [200] * BURST + [429] * 10
    assert 0 < int(answers[-1][2]["Retry-After"]) <= 20
    assert len(world.tried) == BURST
    assert (await world.ask(ANY, ADMIN))[0] == 200


async def test_a_site_says_nothing_of_where_it_is_tried(world: World) -> None:
    body = b'{"url": "https://victim.example", "site": "beta"}'

    assert (await world.ask(OWN, of(ACME), body))[0] == 200
    assert world.tried == ["acme"]
    assert (await world.ask(OWN, of(ACME), b" " * (MAX_BODY_BYTES + 1)))[0] == 413
    assert world.tried == ["acme"]


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        pytest.param(TrialUnderWay(), 429, "too_often", id="under way"),
        pytest.param(SiteNotFound("acme"), 404, "not_found", id="removed meanwhile"),
        pytest.param(VaultError("no key opens it"), 409, "refused", id="a secret that no key opens"),
        pytest.param(StoreUnavailable("away"), 503, "store_unavailable", id="no Redis"),
    ],
)
async def test_what_keeps_the_relay_from_trying_is_an_answer(
    world: World, trouble: Exception, status: int, code: str
) -> None:
    world.trouble = trouble
    found, answer, headers = await world.ask(ANY, ADMIN)

    assert (found, answer["error"]["code"]) == (status, code)
    assert status != 429 or headers["Retry-After"] == str(BUSY_S)
