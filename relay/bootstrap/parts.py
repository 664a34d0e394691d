"""What every process of the relay is built of: the store, the lane, and the keys they need."""

import asyncio
import math
import random
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters import redis_clients
from relay.adapters.graph_audits import GraphAudits
from relay.adapters.push import HttpPush
from relay.adapters.push_sessions import PushSessions
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_backlog import RedisBacklog
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_changes import RedisChanges
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_handover import RedisHandover
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_persistence import check_persistence
from relay.adapters.redis_put import Putter
from relay.adapters.redis_retention import RedisRetention
from relay.adapters.redis_sites import RedisSites
from relay.adapters.replicas import warn_of_missing_replicas
from relay.adapters.rq_probes import RqSchedule, open_schedule
from relay.core.errors import RedisUnusable, StoreUnavailable
from relay.core.lease import new_token
from relay.core.limits import Limits, Part
from relay.core.settings import RelaySettings
from relay.engine.binding import Bindings
from relay.engine.drain import Drain
from relay.engine.handover import Handover
from relay.engine.lane import Lane
from relay.engine.losses import LossAlarm
from relay.engine.page_news import PageNews
from relay.engine.page_notices import PageNotices
from relay.engine.rebinding import Rebinding
from relay.engine.retention import Retention
from relay.engine.sweep import Rank, Sweep
from relay.engine.sweeper import Sweeper
from relay.engine.watchdog import Watchdog
from relay.engine.writer import AppendWriter
from shared.exchange import new_platform_session
from shared.graph import appsecret_proof
from shared.local_keys import load_or_create
from shared.vault import Vault, new_master_key, read_keys


@dataclass(frozen=True)
class Store:
    """What of Redis both the web process and the worker use."""

    redis: Redis
    sites: RedisSites
    drain: RedisDrain
    schedule: RqSchedule
    limits: Mapping[Part, Limits]
    alarm: LossAlarm
    notices: PageNotices


def vault_of(settings: RelaySettings) -> Vault:
    """Open the vault with the configured keys, or with one made for this data folder."""
    key = settings.master_key or load_or_create(settings.master_key_file, new_master_key)
    return Vault(read_keys(key, source=settings.master_key_source))


def new_admin_token() -> SecretStr:
    """Make a token for the admin API."""
    return SecretStr(secrets.token_urlsafe(32))


def admin_token_of(settings: RelaySettings) -> SecretStr:
    """Return the admin API's token, or make one for this data folder."""
    return settings.admin_token or load_or_create(settings.admin_token_file, new_admin_token)


@asynccontextmanager
async def open_store(settings: RelaySettings, redis_url: str) -> AsyncIterator[Store]:
    """Connect to Redis and close it again. RQ's schedule may have a Redis of its own."""
    redis = redis_clients.open_async(redis_url)
    vault, limits, alarm = vault_of(settings), settings.limits, LossAlarm()
    sites = RedisSites(redis, vault)
    proof_of = partial(appsecret_proof, secret=settings.facebook_app_secret)
    notices = PageNotices(RedisPages(redis, vault), find_site=sites.get, proof_of=proof_of, clock=time.time)
    drain = RedisDrain(redis, clock=time.time, dead_limits=limits[Part.DEAD], on_loss=alarm)
    try:
        async with open_schedule(settings.rq_redis_address or redis_url) as schedule:
            yield Store(redis, sites, drain, schedule, limits, alarm, notices)
    finally:
        alarm.close()
        await redis.aclose()


@asynccontextmanager
async def open_lane(store: Store, *, turn_s: float = math.inf) -> AsyncIterator[Lane]:
    """Make a lane whose drains last `turn_s` seconds at most, and finish its batches in flight on leaving."""
    async with PushSessions() as sessions:
        push = HttpPush(sessions, store.sites.get)
        drain = Drain(
            store.drain,
            push,
            store.schedule,
            clock=time.time,
            monotonic=time.monotonic,
            random=random.random,
            turn_s=turn_s,
        )
        lane = Lane(drain, store.drain, new_token=new_token, hand_on=store.schedule.go_on)
        try:
            yield lane
        finally:
            await lane.close()


def rebinding_of(store: Store) -> Rebinding:
    """Make the use cases that change bindings."""
    putter = Putter(store.redis, limits=store.limits[Part.WAITING], on_loss=store.alarm)
    directory = RedisBindings(store.redis, putter)
    bindings = Bindings(directory, store.sites)
    handover = Handover(bindings, directory, RedisHandover(store.redis, putter), store.notices)
    return Rebinding(bindings, handover, RedisChanges(store.redis), new_token=new_token)


@asynccontextmanager
async def sweeping(settings: RelaySettings, store: Store, lane: Lane, rank: Rank) -> AsyncIterator[None]:
    """Sweep, look after limits and audit pages, or stand by, meanwhile; on leaving, what is under way is finished.

    But for audits, which may have to wait for Facebook: they can be cut off anywhere.
    """
    sweeper = Sweeper(Sweep(RedisBacklog(store.redis), lane, rank=rank, token=new_token()), rebinding_of(store))
    retention = Retention(RedisRetention(store.redis, store.limits), store.alarm)
    stop = asyncio.Event()
    async with watching(settings, store, lane, sweeper) as watchdog:
        audits = asyncio.create_task(watchdog.run(stop), name="watchdog")
        tasks = [
            asyncio.create_task(sweeper.run(stop), name="sweep"),
            asyncio.create_task(retention.run(stop), name="retention"),
        ]
        try:
            yield
        finally:
            stop.set()
            audits.cancel()
            await asyncio.gather(audits, return_exceptions=True)
            await asyncio.gather(*tasks)


def appender_of(settings: RelaySettings, store: Store) -> RedisAppender:
    """Make what writes to outboxes."""
    return RedisAppender(
        store.redis,
        clock=time.monotonic,
        replicas=settings.redis_wait_replicas,
        limits=store.limits[Part.WAITING],
        on_loss=store.alarm,
    )


@asynccontextmanager
async def watching(settings: RelaySettings, store: Store, lane: Lane, sweeper: Sweeper) -> AsyncIterator[Watchdog]:
    """Make the watchdog, which audits while this process sweeps."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(new_platform_session())
        graph = GraphAudits(
            session,
            app_id=settings.facebook_app_id,
            app_secret=settings.facebook_app_secret,
            base_url=settings.graph_url,
        )
        writer = AppendWriter(appender_of(settings, store), new_token=new_token, on_lease=lane.start)
        stack.push_async_callback(writer.close)
        news = PageNews(RedisBindings(store.redis).owners, writer.append, store.notices.handing_over)
        audits = RedisAudits(store.redis, RedisPages(store.redis, vault_of(settings)))
        yield Watchdog(audits, graph, news, is_mine=sweeper.leads, clock=time.time)


async def check_redis(settings: RelaySettings, redis_url: str, *, allow_volatile: bool) -> None:
    """Refuse to start with a Redis that is away, would lose events, or belongs to a relay with another master key.

    Raises RedisUnusable, VolatileStore, WrongMasterKey.
    """
    try:
        await examine_redis(settings, redis_url, allow_volatile=allow_volatile)
    except StoreUnavailable as error:
        raise RedisUnusable(f"Redis cannot be used ({error}): is it running, and is RELAY_REDIS_URL right?") from None


async def examine_redis(settings: RelaySettings, redis_url: str, *, allow_volatile: bool) -> None:
    """Do the same for whoever can wait for a Redis that is away.

    Raises StoreUnavailable, VolatileStore, WrongMasterKey.
    """
    await check_persistence(redis_url, allow_volatile=allow_volatile)
    async with aclosing(redis_clients.open_async(redis_url)) as redis:
        await RedisSites(redis, vault_of(settings)).check_key()
        await warn_of_missing_replicas(redis, settings.redis_wait_replicas)
