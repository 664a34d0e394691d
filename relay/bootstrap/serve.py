"""The web process: webhooks, admin API, health, and the live lane."""

import asyncio
import gc
import os
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from redis.asyncio import Redis

from relay.adapters.exposition import expose
from relay.adapters.graph_client import GraphClient
from relay.adapters.names import look_up
from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_changes import RedisChanges
from relay.adapters.redis_connect_sessions import RedisConnectSessions
from relay.adapters.redis_health import RedisHealth
from relay.adapters.redis_outboxes import RedisOutboxes
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_pulse import RedisPulse
from relay.adapters.redis_receipts import RedisReceipts
from relay.adapters.redis_removal import RedisRemoval
from relay.adapters.redis_sealed import RedisSealed
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_shelf import RedisShelf
from relay.adapters.redis_status import RedisStatus
from relay.adapters.rq_workers import RqWorkers
from relay.bootstrap.connecting import connecting_of
from relay.bootstrap.parts import (
    Store,
    admin_token_of,
    appender_of,
    check_redis,
    open_lane,
    open_store,
    rebinding_of,
    sweeping,
    vault_of,
)
from relay.bootstrap.several import web_processes
from relay.bootstrap.site_calls import site_calls
from relay.core.lease import new_token
from relay.core.limits import Part
from relay.core.settings import RelaySettings
from relay.engine.audit_requests import AuditRequests
from relay.engine.backlogs import Backlogs
from relay.engine.intake import Intake
from relay.engine.outbox_admin import OutboxAdmin
from relay.engine.page_connection import PageConnection
from relay.engine.page_health import PageHealth
from relay.engine.pulse import Pulse
from relay.engine.resealing import Resealing
from relay.engine.routing import Routing
from relay.engine.secret_rotation import SecretRotation
from relay.engine.site_admin import SiteAdmin
from relay.engine.site_removal import SiteRemoval
from relay.engine.sweep import Rank
from relay.engine.withdrawals import Withdrawals
from relay.engine.writer import AppendWriter
from relay.web.admin import AdminRoutes
from relay.web.admin_health import AdminHealthRoutes
from relay.web.app import Routes, build_app
from relay.web.audits import AuditRoutes
from relay.web.connecting import ConnectRoutes
from relay.web.facebook import FacebookRoutes
from relay.web.front_door import FrontDoor
from relay.web.health import HealthRoutes
from relay.web.master_key import MasterKeyRoutes
from relay.web.outboxes import OutboxRoutes
from relay.web.reception import Reception
from relay.web.removals import RemovalRoutes
from relay.web.rotations import RotationRoutes
from relay.web.withdrawals import WithdrawalRoutes
from shared.exchange import new_platform_session
from shared.listening_socket import inherited
from shared.logs import get_logger
from shared.runtime import listening, stop_event
from shared.vault import Vault

log = get_logger(__name__)


@asynccontextmanager
async def serving(
    settings: RelaySettings, redis_url: str, *, sweeps: bool = True, bound: socket.socket | None = None
) -> AsyncIterator[int]:
    """Serve webhooks and the admin API with the live lane; yields the port. Sweeps where no worker does.

    `bound` is the socket of a process that shares its port with others.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings, redis_url))
        lane = await stack.enter_async_context(open_lane(store))
        writer = AppendWriter(appender_of(settings, store), new_token=new_token, on_lease=lane.start)
        stack.push_async_callback(writer.close)
        await stack.enter_async_context(_beating(settings, store))
        if sweeps:
            await stack.enter_async_context(sweeping(settings, store, lane, Rank.WEB))
        redis = store.redis
        intake = Intake(Routing(RedisBindings(redis)), writer, RedisShelf(redis), RedisChanges(redis))
        reception = Reception(intake, app_secret=settings.facebook_app_secret)
        http = await stack.enter_async_context(new_platform_session())
        graph = GraphClient(http, app_secret=settings.facebook_app_secret, base_url=settings.graph_url)
        vault = vault_of(settings)
        page_store = RedisPages(store.redis, vault)
        pages = PageConnection(
            graph,
            page_store,
            rebinding_of(store),
            find_site=store.sites.get,
            append=writer.append,
            clock=time.time,
        )
        connecting = connecting_of(settings, store, graph, http, pages)
        of_sites = await stack.enter_async_context(site_calls(settings, store, lane, connecting, pages))
        routes = (
            *_routes(settings, store, reception, pages),
            _rotation_routes(settings, store, graph, writer),
            MasterKeyRoutes(Resealing(RedisSealed(redis, vault)), token=admin_token_of(settings)),
            _audit_routes(settings, store, page_store),
            RemovalRoutes(_removal_of(store, page_store, vault, pages), token=admin_token_of(settings)),
            *of_sites,
            ConnectRoutes(connecting),
            _withdrawal_routes(settings, redis, pages, page_store),
        )
        server = listening(
            build_app(routes),
            host=settings.host,
            port=settings.port,
            door_of=partial(FrontDoor, reception),
            bound=bound,
        )
        port = await stack.enter_async_context(server)
        gc.freeze()  # modules and models live as long as the process: looking through them costs a tenth of each event
        yield port


@asynccontextmanager
async def _beating(settings: RelaySettings, store: Store) -> AsyncIterator[None]:
    """Note meanwhile that events can be taken."""
    health = RedisHealth(store.redis, replicas=settings.redis_wait_replicas)
    stop = asyncio.Event()
    beats = asyncio.create_task(Pulse(RedisPulse(store.redis, health)).run(stop), name="pulse")
    try:
        yield
    finally:
        stop.set()
        await beats


def _routes(settings: RelaySettings, store: Store, reception: Reception, pages: PageConnection) -> Sequence[Routes]:
    bindings, status, token = RedisBindings(store.redis), _status(store), admin_token_of(settings)
    audits = RedisAudits(store.redis, RedisPages(store.redis, vault_of(settings)))
    health = RedisHealth(store.redis, replicas=settings.redis_wait_replicas)
    outboxes = OutboxAdmin(RedisOutboxes(store.redis, store.limits), store.limits, rebinding_of(store))
    site_admin = SiteAdmin(
        store.sites, bindings, status, RedisSecretUses(store.redis), look_up=look_up, clock=time.time
    )
    return (
        FacebookRoutes(reception, verify_token=settings.facebook_verify_token),
        AdminRoutes(site_admin, pages, PageHealth(bindings, audits), token=token),
        OutboxRoutes(outboxes, token=token),
        AdminHealthRoutes(RqWorkers(store.schedule.blocking, clock=time.time).alive, token=token),
        HealthRoutes(health.check, expose=partial(expose, Backlogs(status, clock=time.time))),
    )


def _rotation_routes(settings: RelaySettings, store: Store, graph: GraphClient, writer: AppendWriter) -> RotationRoutes:
    pages = RedisPages(store.redis, vault_of(settings))
    rotation = SecretRotation(
        store.sites,
        RedisSecretUses(store.redis),
        RedisBindings(store.redis),
        pages,
        RedisAudits(store.redis, pages),
        proof_of=graph.proof_of,
        append=writer.append,
        clock=time.time,
    )
    return RotationRoutes(rotation, token=admin_token_of(settings))


def _audit_routes(settings: RelaySettings, store: Store, pages: RedisPages) -> AuditRoutes:
    requests = AuditRequests(RedisBindings(store.redis).owners, pages, RedisAudits(store.redis, pages))
    return AuditRoutes(requests, token=admin_token_of(settings))


def _removal_of(store: Store, page_store: RedisPages, vault: Vault, pages: PageConnection) -> SiteRemoval:
    kept = RedisRemoval(store.redis, page_store, RedisConnectSessions(store.redis, vault))
    return SiteRemoval(kept, pages, store.schedule, clock=time.time)


def _status(store: Store) -> RedisStatus:
    return RedisStatus(store.redis, store.limits[Part.WAITING])


def _withdrawal_routes(settings: RelaySettings, redis: Redis, pages: PageConnection, kept: RedisPages) -> Routes:
    secret = settings.facebook_app_secret
    logins = RedisConnectSessions(redis, vault_of(settings))
    withdrawals = Withdrawals(pages, kept, logins, RedisReceipts(redis), app_secret=secret, clock=time.time)
    return WithdrawalRoutes(withdrawals, app_secret=secret, public_url=settings.public_url)


async def serve(settings: RelaySettings, *, allow_volatile: bool, socket_fd: int | None = None) -> None:
    """Run one web process until SIGTERM or SIGINT, on the socket that its parent handed down if there is one."""
    stop = stop_event()
    bound = None if socket_fd is None else inherited(socket_fd)
    await check_redis(settings, settings.redis_address, allow_volatile=allow_volatile)
    async with serving(settings, settings.redis_address, bound=bound) as port:
        log.info("relay_serves", host=settings.host, port=port, pid=os.getpid())
        await stop.wait()
        log.info("relay_stops", pid=os.getpid())


async def serve_several(settings: RelaySettings, *, allow_volatile: bool) -> None:
    """Run several web processes on one port until SIGTERM or SIGINT."""
    stop = stop_event()
    await check_redis(settings, settings.redis_address, allow_volatile=allow_volatile)
    async with web_processes(settings, settings.redis_address, allow_volatile=allow_volatile) as port:
        log.info("relay_serves", host=settings.host, port=port, processes=settings.processes)
        await stop.wait()
        log.info("relay_stops", processes=settings.processes)
