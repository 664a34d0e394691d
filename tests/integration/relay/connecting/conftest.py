"""Connecting pages in the browser: a whole relay, a simulated Facebook, a site, and a person's browser."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shared.site_secret import api_token
from tests.integration.relay.connecting.steps import ADA, Ask
from tests.simulators.graph import GraphSimulator
from tests.support import facebook
from tests.support.connecting import Browser
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay, running_relay
from tests.world.ports import free_port


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(app_id=facebook.APP_ID, app_secret=facebook.APP_SECRET) as graph:
        graph.require_proof = True
        for page_id, name in (("1122", "Acme"), ("3344", "Café Ücker <b>")):
            graph.add_page(page_id, name=name, subscribed_fields=None)
        graph.add_admin(ADA, name="Ada Admin", pages=["1122", "3344"])
        graph.login.signed_in = ADA
        yield graph


@pytest.fixture
async def relay(redis_url: str, graph: GraphSimulator, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    graph.app.add_redirect_uri(f"{public}/facebook/callback")
    where: dict[str, Any] = {
        "graph_url": graph.url,
        "facebook_dialog_url": graph.url,
        "public_url": public,
        "port": port,
    }
    async with running_relay(redis_url, tmp_path, **where) as relay:
        yield relay


@pytest.fixture
async def acme(relay: RunningRelay) -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite("") as site:
        await relay.register("acme", site)
        yield site


@pytest.fixture
def browser(relay: RunningRelay) -> Browser:
    return Browser(relay)


@pytest.fixture
def ask(relay: RunningRelay, acme: ReceivingSite) -> Ask:
    """Ask for a link as a site does; returns status and answer."""

    async def ask(site: str = "acme", **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {api_token(SecretStr(acme.secret)).get_secret_value()}"}
        async with relay.http.post(f"{relay.url}/v1/sites/{site}/connect", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    return ask


@pytest.fixture
def link(ask: Ask) -> Callable[..., Awaitable[str]]:
    async def link(**body: Any) -> str:
        status, answer = await ask(**body)
        assert status == 200, answer
        return str(answer["url"])

    return link
