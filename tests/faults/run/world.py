"""All processes of one history: Redis, relays, workers, sites; started together, ended together, whatever happens."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from relay.core.outbox import holding_of
from shared.vault import new_master_key
from tests.faults.ledger import Ending
from tests.faults.plan import Plan, SitePlan, relay_name, worker_name
from tests.faults.run.operator import Operator
from tests.faults.run.redis_service import RedisService
from tests.faults.run.service import Service, python
from tests.faults.run.sites import LightSite, RealSite, Site
from tests.support import facebook
from tests.support.relay import ADMIN_TOKEN
from tests.world.ports import free_port
from tests.world.watching import eventually

COMMITS_LATE = "site commits late"
"""The broken site among the mutants; all others are broken relays."""


class World:
    """The processes of a plan; `async with` starts them and leaves none behind."""

    def __init__(self, plan: Plan, folder: Path, *, mutant: str = "") -> None:
        self.plan = plan
        self.redis = RedisService(folder / "redis")
        relay_ports = {relay_name(index): free_port() for index in range(plan.relays)}
        self.urls = [f"http://127.0.0.1:{port}" for port in relay_ports.values()]
        product = _Product(plan, folder, self.redis.url, "" if mutant == COMMITS_LATE else mutant)
        self.relays = {
            name: product.service(name, "serve", "--port", str(port), *_processes(plan, name))
            for name, port in relay_ports.items()
        }
        self.workers = {name: product.service(name, "worker") for name in map(worker_name, range(plan.workers))}
        self.operator = Operator(self.urls)
        self.sites = {
            site.name: self._site(site, free_port(), folder / site.name, commits_late=mutant == COMMITS_LATE)
            for site in plan.sites
        }

    @property
    def light_sites(self) -> Iterator[LightSite]:
        """The sites that can be told how to behave."""
        return (site for site in self.sites.values() if isinstance(site, LightSite))

    @property
    def services(self) -> dict[str, Service]:
        """Every process by the name that the plan gives it."""
        sites = {name: site.service for name, site in self.sites.items()}
        return {self.redis.name: self.redis, **self.relays, **self.workers, **sites}

    @property
    def outboxes(self) -> list[str]:
        """Every outbox there can be: each site's, and each page's while nobody claims it."""
        return [*self.sites, *(holding_of(page.id) for page in self.plan.pages)]

    @property
    def endings(self) -> list[Ending]:
        """Processes of the product that ended by themselves, or not well."""
        return [ending for service in self.services.values() for ending in service.endings]

    async def __aenter__(self) -> Self:
        """Start everything, register the sites and bind the pages."""
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End everything."""
        await self.close()

    async def close(self) -> None:
        """Kill what still runs."""
        await self.operator.close()
        await asyncio.gather(*(service.close() for service in self.services.values()))

    async def stop(self) -> None:
        """Ask every process of the product to end, as after a day's work, and wait for it."""
        ours = [*self.relays.values(), *self.workers.values(), *(site.service for site in self.sites.values())]
        await asyncio.gather(*(service.terminate() for service in ours))

    def _site(self, plan: SitePlan, port: int, folder: Path, *, commits_late: bool) -> Site:
        if plan.real:
            return RealSite(plan.name, port, folder, relay_url=self.urls[0])
        announce = self.operator.announce if plan.announces else None
        return LightSite(plan.name, port, folder, announce=announce, commits_late=commits_late)

    async def _start(self) -> None:
        await self.redis.start()
        await asyncio.gather(*(each.start() for each in (*self.relays.values(), *self.workers.values())))
        for site in self.sites.values():
            site.prepare(await self.operator.add_site(site.name, site.port))
        await asyncio.gather(*(site.service.start() for site in self.sites.values()))
        bound = [page for page in self.plan.pages if page.site]
        await asyncio.gather(*(self.operator.bind(page.id, page.site) for page in bound))
        await asyncio.gather(*(eventually(site.listens, bool) for site in self.sites.values()))


def _processes(plan: Plan, relay: str) -> list[str]:
    several = plan.processes > 1 and relay == relay_name(0)
    return ["--processes", str(plan.processes)] if several else []


class _Product:
    """How the relay's own processes are started."""

    def __init__(self, plan: Plan, folder: Path, redis_url: str, mutant: str) -> None:
        self._folder = folder
        self._entry = [json.dumps(asdict(plan.times)), mutant]
        self._env = {
            "RELAY_FACEBOOK_APP_ID": facebook.APP_ID,
            "RELAY_FACEBOOK_APP_SECRET": facebook.APP_SECRET,
            "RELAY_FACEBOOK_VERIFY_TOKEN": facebook.VERIFY_TOKEN,
            "RELAY_ADMIN_TOKEN": ADMIN_TOKEN,
            "RELAY_MASTER_KEY": new_master_key().get_secret_value(),
            "RELAY_DATA_DIR": str(folder / "relay"),
            "RELAY_REDIS_URL": redis_url,
        }

    def service(self, name: str, *command: str) -> Service:
        """Prepare `relay COMMAND`."""
        entry = python("tests.faults.processes.relay", *self._entry, *command)
        return Service(name, entry, env=self._env, log=self._folder / f"{name}.log")
