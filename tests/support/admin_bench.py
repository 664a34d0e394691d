"""The admin API on a real server, over fakeredis, with a Meta that knows one page.

It stands outside what is tested: a test asks as an operator does, and looks into Redis itself.
"""

from collections.abc import Sequence
from typing import Any

import fakeredis
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_sites import RedisSites
from relay.adapters.redis_status import RedisStatus
from relay.core.errors import FacebookRefused
from relay.core.page import TokenOwner
from relay.core.webhook import Incoming
from relay.engine.page_connection import PageConnection
from relay.engine.page_health import PageHealth
from relay.engine.page_notices import PageNotices
from relay.engine.site_admin import SiteAdmin
from relay.web.admin import PREFIX, AdminRoutes
from relay.web.app import build_app
from shared.addresses import IPAddress
from shared.vault import Vault, new_master_key
from tests.support.clock import ManualClock
from tests.support.rebinding import redis_rebinding

TOKEN = "admin-token-example"
NOT_AUDITED = {"subscribed": None, "audited_at": None, "trouble": "", "token_dead_since": None}
NOON_TEXT = "2027-01-15T08:00:00.000Z"


class FakeGraph:
    """Meta, which knows one page by the token `EAApage`."""

    def __init__(self) -> None:
        self.subscribed: list[str] = []
        self.token_is_dead = False

    def proof_of(self, token: SecretStr) -> SecretStr:
        return SecretStr("proof of " + token.get_secret_value())

    async def owner_of(self, token: SecretStr) -> TokenOwner:
        if token.get_secret_value() != "EAApage":
            raise FacebookRefused("Facebook refuses: Invalid OAuth access token (error 190)")
        return TokenOwner("1122", "Acme")

    async def subscribe(self, page_id: str, _token: SecretStr) -> None:
        self.subscribed.append(page_id)

    async def unsubscribe(self, page_id: str, _token: SecretStr) -> None:
        if self.token_is_dead:
            raise FacebookRefused("Facebook refuses: the session has expired (error 190)")
        self.subscribed.remove(page_id)


class Bench:
    """The admin routes on a real server, over fakeredis."""

    def __init__(self) -> None:
        self.redis = fakeredis.FakeAsyncRedis()
        self.leads_to: list[IPAddress] = []
        self.graph = FakeGraph()
        self.appended: list[tuple[str, Incoming]] = []
        vault = Vault([new_master_key()])
        sites, bindings = RedisSites(self.redis, vault), RedisBindings(self.redis)
        kept = RedisPages(self.redis, vault)
        admin = SiteAdmin(
            sites,
            bindings,
            RedisStatus(self.redis),
            RedisSecretUses(self.redis),
            look_up=self.look_up,
            clock=ManualClock(),
        )
        notices = PageNotices(kept, find_site=sites.get, proof_of=self.graph.proof_of, clock=ManualClock())
        pages = PageConnection(
            self.graph,
            kept,
            redis_rebinding(self.redis, sites, notices),
            find_site=sites.get,
            append=self.append,
            clock=ManualClock(),
        )
        audits = RedisAudits(self.redis, RedisPages(self.redis, vault))
        routes = AdminRoutes(admin, pages, PageHealth(bindings, audits), token=SecretStr(TOKEN))
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def append(self, outbox: str, events: Sequence[Incoming]) -> Sequence[int]:
        """Note what is appended."""
        self.appended += [(outbox, event) for event in events]
        return ()

    async def look_up(self, _host: str) -> list[IPAddress]:
        """Say where every name leads."""
        return self.leads_to

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Call as an operator; returns status and decoded answer."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | headers
        answer = await self.client.request(method, PREFIX + path, json=body, headers=headers)
        return answer.status, await answer.json()

    async def add_site(self, name: str = "acme") -> dict[str, Any]:
        """Register a site."""
        status, added = await self.ask("POST", "/sites", {"name": name, "url": f"https://{name}.example"})
        assert status == 201
        return dict(added)
