"""A watchdog over real parts, with a clock of its own; a test sees what Facebook got and what sites are told."""

import json
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.graph_audits import GraphAudits
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.audit_times import PERIOD_MS
from relay.core.change import Mandate
from relay.core.lease import new_token
from relay.core.page import ConnectedPage
from relay.core.site import Site
from relay.engine.audit_requests import AuditRequests
from relay.engine.page_news import PageNews
from relay.engine.page_notices import PageNotices
from relay.engine.watchdog import TICK_S, Watchdog
from relay.engine.writer import AppendWriter
from shared.graph import appsecret_proof
from shared.site_secret import new_site_secret
from shared.vault import Vault, new_master_key
from tests.simulators.graph import GraphSimulator
from tests.support.clock import ManualClock

PAGE, TOKEN = "1122", "EAApage"
SECRET = new_site_secret()
HOUR_S = PERIOD_MS / 1000


class Bench:
    """A watchdog whose clock stands still, over real parts."""

    def __init__(self, redis: Redis, graph: GraphSimulator, session: Any) -> None:
        self.redis, self.graph, self.clock = redis, graph, ManualClock()
        self.leads = True
        self._changes = 0
        self.master_key = new_master_key()
        self.open_with(self.master_key)
        appender = RedisAppender(redis, clock=self.clock)
        self.writer = AppendWriter(appender, new_token=new_token, on_lease=lambda *_: None)
        self._session = session
        self.watchdog = self.new_watchdog()

    def new_watchdog(self) -> Watchdog:
        """Start again: nothing is remembered but what Redis holds."""
        audits = GraphAudits(
            self._session,
            app_id=self.graph.app_id,
            app_secret=SecretStr(self.graph.app_secret),
            base_url=self.graph.url,
        )
        notices = PageNotices(self.pages, find_site=self.sites.get, proof_of=self.proof_of, clock=self.clock)
        news = PageNews(RedisBindings(self.redis).owners, self.writer.append, notices.handing_over)
        return Watchdog(self.store, audits, news, is_mine=lambda: self.leads, clock=self.clock)

    def open_with(self, *master_keys: SecretStr) -> None:
        """Use these master keys from now on."""
        vault = Vault(master_keys)
        self.pages, self.sites = RedisPages(self.redis, vault), RedisSites(self.redis, vault)
        self.store = RedisAudits(self.redis, self.pages)

    def proof_of(self, token: SecretStr) -> SecretStr:
        """Prove a token as the relay's app does."""
        return appsecret_proof(token, SecretStr(self.graph.app_secret))

    async def register(self, site: str = "acme") -> None:
        """Register a site."""
        await self.sites.add(Site(site, f"https://{site}.example", (SECRET,), 0))

    async def connect(self, page: str = PAGE, token: str = TOKEN, site: str = "acme") -> None:
        """Keep a page as connecting it does."""
        await self.pages.save(ConnectedPage(page, site, "Acme", SecretStr(token), round(self.clock() * 1000)))
        await self.redis.hset(keys.BINDINGS, page, site)

    async def request_audit(self, page: str) -> None:
        """Ask for an audit as an operator does."""
        await AuditRequests(RedisBindings(self.redis).owners, self.pages, self.store).request(page)

    async def move(self, site: str, page: str = PAGE) -> None:
        """Hand a page over, as far as what is kept of it."""
        self._changes += 1
        await self.pages.reassign(Mandate(page, self._changes), site, now_ms=round(self.clock() * 1000))
        await self.redis.hset(keys.BINDINGS, page, site)

    async def relay_away(self, seconds: float) -> None:
        """Let so much time pass in which no process of the relay ran, and be noted as an outage."""
        from_ms = round(self.clock() * 1000)
        self.clock.advance(seconds)
        to_ms = round(self.clock() * 1000)
        await self.redis.zadd(keys.OUTAGES, {f"{from_ms}-{to_ms}": to_ms})
        self.watchdog = self.new_watchdog()

    async def pass_time(self, seconds: float) -> int:
        """Let the watchdog look as often as it would in that time; returns how many audits there were."""
        audits = 0
        for _ in range(round(seconds / TICK_S)):
            self.clock.advance(TICK_S)
            audits += await self.watchdog.once()
        return audits

    async def told(self, site: str = "acme") -> list[tuple[str, Any]]:
        """Return the relay's own news in a site's outbox."""
        found: Any = await self.redis.xrange(keys.outbox(site))
        return [(fields[b"k"].decode(), json.loads(fields[b"d"])) for _, fields in found]

    async def state(self, page: str = PAGE) -> Any:
        """Return what is known of a page."""
        return (await self.store.of([page])).get(page)

    async def subscribed(self, page: str = PAGE) -> set[str]:
        """Return the fields that Facebook sends of a page."""
        return set(self.graph.world.pages[page].subscribed_fields or ())

    def calls(self, path: str) -> int:
        """Count the calls that Facebook got."""
        return sum(path in call.path for call in self.graph.ledger)
