"""The relay as its users start it, `relay run`, and what the conductor asks of its admin API."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr

from shared.api_client import ApiClient
from shared.site_secret import api_token
from tests.bench.children import START_TIMEOUT_S, Child, free_port, python, running, wait_until, wait_until_ready
from tests.bench.redis_process import RedisProcess
from tests.bench.traffic import APP_SECRET, page_id
from tests.bench.usage import cpu_s

SETTLE_TIMEOUT_S = 10.0
REST_S = 1.0
BUSY_S = 0.1
"""Processor time within a rest above which it was none."""


class RelayProcess:
    """A running relay: web process, worker, and its Redis."""

    def __init__(self, child: Child, port: int, token: SecretStr, redis: RedisProcess | None) -> None:
        self.port = port
        self._main = psutil.Process(child.pid)
        self._redis = redis
        self._url = f"http://127.0.0.1:{port}"
        self._admin = ApiClient(self._url, token, server="the relay", start_hint="")

    @property
    def processes(self) -> Mapping[str, psutil.Process]:
        """By what each does, as in `usage.PROCESSES`."""
        children = self._main.children(recursive=True)
        found = {"redis" if "redis" in each.name() else "worker": each for each in children}
        return {"relay": self._main, **found} | ({"redis": self._redis.process} if self._redis else {})

    def wait_for_rest(self) -> None:
        """Wait until all processes have started and do next to nothing for a while. Raises BenchFailed."""
        meter = _Rest()
        wait_until(lambda: meter.lasts(self.processes), what="the relay to come to rest", timeout_s=START_TIMEOUT_S)

    def add_site(self, name: str, url: str) -> SecretStr:
        """Register a site; returns its secret."""
        site = {"name": name, "url": url, "allow_insecure": True, "allow_networks": ["127.0.0.0/8"]}
        return SecretStr(self._admin.post("/admin/v1/sites", site)["secret"])

    def bind(self, page: int, site: str) -> None:
        """Bind the page of this index."""
        self._admin.put(f"/admin/v1/bindings/{page_id(page)}", {"site": site})

    def announce(self, site: str, secret: SecretStr) -> None:
        """Say that a site takes events now, as the site itself does when it starts."""
        caller = ApiClient(self._url, api_token(secret), server="the relay", start_hint="")
        caller.post(f"/v1/sites/{site}/ready")

    def deliveries(self) -> dict[str, dict[str, Any]]:
        """Return how each site's delivery stands, by name."""
        return {site["name"]: site["delivery"] for site in self._admin.get("/admin/v1/sites")}

    def settled(self, sites: Sequence[str] | None = None) -> bool:
        """Whether nothing waits and nothing is under way, for these sites or for all."""
        found = self.deliveries()
        chosen = found.values() if sites is None else [found[name] for name in sites]
        return all(delivery["waiting"] == 0 and not delivery["delivering"] for delivery in chosen)

    def settle(self, sites: Sequence[str] | None = None) -> None:
        """Wait until that is so. Raises BenchFailed."""
        wait_until(lambda: self.settled(sites), what="the relay to come to rest", timeout_s=SETTLE_TIMEOUT_S)


class _Rest:
    """Looks how long processes have rested."""

    def __init__(self) -> None:
        self._used_s: dict[str, float] = {}
        self._since = time.monotonic()

    def lasts(self, processes: Mapping[str, psutil.Process]) -> bool:
        """Whether all have rested long enough; they are the same as before, and used hardly anything."""
        used_s = {name: cpu_s(process) for name, process in processes.items()}
        grown = sum(used_s.values()) - sum(self._used_s.values())
        if used_s.keys() != self._used_s.keys() or grown > BUSY_S:
            self._used_s, self._since = used_s, time.monotonic()
        return "worker" in used_s and time.monotonic() - self._since > REST_S


@contextmanager
def run_relay(
    folder: Path, *, redis: RedisProcess | None = None, env: Mapping[str, str] | None = None
) -> Iterator[RelayProcess]:
    """Run a relay meanwhile; without `redis` with its own, which flushes before it answers (`appendfsync always`)."""
    port, token = free_port(), secrets.token_urlsafe(32)
    settings = {
        "RELAY_FACEBOOK_APP_ID": "1",
        "RELAY_FACEBOOK_APP_SECRET": APP_SECRET,
        "RELAY_FACEBOOK_VERIFY_TOKEN": "bench-verify-token",
        "RELAY_ADMIN_TOKEN": token,
        "RELAY_DATA_DIR": str(folder / "relay"),
        "RELAY_PORT": str(port),
        "RELAY_LOG_LEVEL": "WARNING",
    }
    if redis is not None:
        settings["RELAY_REDIS_URL"] = redis.url
    with running("relay", python("relay", "run"), folder=folder, env=settings | dict(env or {})) as child:
        wait_until_ready(child, port)
        relay = RelayProcess(child, port, SecretStr(token), redis)
        relay.wait_for_rest()  # its worker only begins to start when its port is open
        yield relay
