"""How much memory one relay process takes with 10,000 sites and 50,000 bindings, all of them just touched by traffic.

Every page gets an event, so whatever the process remembers of a page or a site is remembered; all pages of a site come
in one webhook, so that this takes seconds. Each site has an address of its own, so the process has a connection to each
for as long as it keeps one. Sites speak TLS, as real ones do, and for comparison do not. Sites and bindings are written
to Redis as the product writes them, but without its admin API, through which so many would take longer than the rest.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psutil

from relay.adapters import redis_clients
from relay.adapters.redis_sites import RedisSites
from relay.core import keys
from relay.core.permission import Permission
from relay.core.site import Site
from shared.site_secret import new_site_secret
from shared.vault import Vault, new_master_key
from tests.bench.checker import refuse_problems
from tests.bench.children import free_ports
from tests.bench.errors import BenchFailed
from tests.bench.light_site import LightSites, run_light_sites, site_address
from tests.bench.outcome import Outcome, Sheet, at_most
from tests.bench.own_authority import certificate_for
from tests.bench.plan import Bench, Plan
from tests.bench.redis_process import run_redis
from tests.bench.relay_process import RelayProcess, run_relay
from tests.bench.senders import send_eagerly
from tests.bench.traffic import Traffic, expected, page_id, site_name

SITES, PAGES_PER_SITE = 10_000, 5
PORTS = 100
"""So many sites share an IP address: one certificate can name them all, and is no larger than certificates are."""
TIMEOUT_S = 300.0
MIB = 2**20

IDLE, PLAIN, TLS = "idle, nothing received yet", "all touched, http", "all touched, https"


@dataclass(frozen=True, slots=True)
class Memory:
    """What one process takes, in bytes."""

    resident: int
    peak: int
    """The most it ever took, where the system tells; otherwise what it takes now."""
    worker: int
    """What the worker process takes beside it."""
    files: int
    """Open sockets and files: nearly all of them are kept connections."""
    seconds: float
    """How long the traffic took."""


def run(plan: Plan) -> Outcome:
    """Measure one relay idle, and one after the other with sites that do not and that do speak TLS."""
    sites = plan.some(SITES)
    traffic = Traffic(
        sites * PAGES_PER_SITE, sites=sites, pages_per_site=PAGES_PER_SITE, events_per_body=PAGES_PER_SITE
    )
    found: dict[str, Memory] = {}
    for title, secure in ((PLAIN, False), (TLS, True)):
        found |= _measure(plan, traffic, title, secure=secure)
        plan.tell(f"{title}: {found[title].resident / MIB:.0f} MiB, idle {found[IDLE].resident / MIB:.0f} MiB")
    headings = ["resident MiB", "peak MiB", "worker MiB", "open files", "seconds of traffic"]
    return Outcome(
        [
            Sheet(
                f"A relay process with {sites:,} sites and {traffic.events:,} bindings",
                headings,
                [_row(title, found[title]) for title in (IDLE, PLAIN, TLS)],
            )
        ],
        [
            at_most(f"memory of a relay process, {title}", found[title].peak / MIB, 150, "{:.0f} MiB")
            for title in (PLAIN, TLS)
        ],
        {"rows": {title: asdict(one) for title, one in found.items()}, "sites": sites, "bindings": traffic.events},
    )


def _measure(plan: Plan, traffic: Traffic, title: str, *, secure: bool) -> dict[str, Memory]:
    with tempfile.TemporaryDirectory(dir=plan.folder) as data, run_redis(Path(data), appendfsync="everysec") as redis:
        folder, key = Path(data), new_master_key()
        ports = free_ports(PORTS)
        certificate = certificate_for([_address(index) for index in range(0, traffic.sites, PORTS)], folder)
        urls = [_url(index, ports, secure=secure) for index in range(traffic.sites)]
        asyncio.run(_write(redis.url, Vault([key]), urls, traffic))
        env = {"RELAY_MASTER_KEY": key.get_secret_value(), "SSL_CERT_FILE": str(certificate)}
        with (
            run_light_sites(folder, more_ports=ports, certificate=certificate if secure else None) as sites,
            run_relay(folder, redis=redis, env=env) as relay,
        ):
            idle = _memory(relay, seconds=0.0)
            seconds = _touch(relay, sites, traffic)
            return {IDLE: idle, title: _memory(relay, seconds=seconds)}


def _touch(relay: RelayProcess, sites: LightSites, traffic: Traffic) -> float:
    """Send an event to every page, and wait until all have arrived; returns how long that took."""
    sites.expect(traffic.events)
    sent = send_eagerly(relay.port, traffic, timeout_s=TIMEOUT_S)
    completion = sites.completion(timeout_s=TIMEOUT_S)
    refuse_problems(expected(traffic), sites.arrivals())
    if completion is None:
        raise BenchFailed(f"the last event came later than {TIMEOUT_S:.0f} s after it was accepted")
    return completion.at - sent.started_at


def _memory(relay: RelayProcess, *, seconds: float) -> Memory:
    processes = relay.processes
    main, worker = processes["relay"], processes["worker"]
    resident = main.memory_info().rss
    return Memory(resident, _peak(main) or resident, worker.memory_info().rss, main.num_fds(), seconds)


def _peak(process: psutil.Process) -> int:
    """Read the most that a process ever had in memory (proc(5), VmHWM); 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _address(index: int) -> str:
    return site_address(index // PORTS)


def _url(index: int, ports: Sequence[int], *, secure: bool) -> str:
    return f"{'https' if secure else 'http'}://{_address(index)}:{ports[index % PORTS]}"


async def _write(redis_url: str, vault: Vault, urls: Sequence[str], traffic: Traffic) -> None:
    """Register the sites and bind their pages."""
    redis = redis_clients.open_async(redis_url)
    try:
        store = RedisSites(redis, vault)
        permission = Permission((ip_network("127.0.0.0/8"),), insecure=True)
        now_ms = round(time.time() * 1000)
        for index, url in enumerate(urls):
            await store.add(Site(site_name(index), url, (new_site_secret(),), now_ms, permission))
        for site in traffic.site_indices():
            pages: list[Any] = [word for page in traffic.pages_of(site) for word in (page_id(page), site_name(site))]
            await redis.hset(keys.BINDINGS, items=pages)
    finally:
        await redis.aclose()


def _row(title: str, one: Memory) -> list[str]:
    sizes = (one.resident, one.peak, one.worker)
    return [
        title,
        *(f"{size / MIB:.0f}" for size in sizes),
        f"{one.files:,}",
        f"{one.seconds:.1f}" if one.seconds else "",
    ]


BENCH = Bench("memory", "how much memory a relay process with 10,000 sites takes", 1, run)
