"""The only place that builds real things: database, clients, use cases, web server and background tasks of the site.

Started from the bottom up, stopped in the reverse order: first no new request, then no poll and no new attempt, then
what is under way is finished within a bound, then connections close.
"""

import asyncio
import os
import random
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession
from pydantic import SecretStr

from onsite.adapters.couriers import FacebookCourier, TelegramCourier
from onsite.adapters.downloads import OUTSIDE, Door
from onsite.adapters.graph_client import GraphClient
from onsite.adapters.graph_conversations import GraphConversations
from onsite.adapters.graph_profiles import GraphProfiles
from onsite.adapters.relay_client import RelayClient
from onsite.adapters.sql.attention import SqlAttention
from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import Database, open_database
from onsite.adapters.sql.gaps import SqlGaps
from onsite.adapters.sql.inbox import SqlInbox
from onsite.adapters.sql.migrate import upgrade
from onsite.adapters.sql.outbox import SqlOutbox
from onsite.adapters.sql.profiles import SqlProfiles
from onsite.adapters.sql.quarantine import SqlQuarantine
from onsite.adapters.sql.reader import SqlReader
from onsite.adapters.sql.replies import SqlReplies
from onsite.adapters.sql.sealed import SqlSealed
from onsite.adapters.telegram_client import TelegramClient
from onsite.bootstrap.keys import master_keys_of
from onsite.bootstrap.media import Media, MediaSources, build_media, open_sources
from onsite.core import relay_answers
from onsite.core.facebook import profile
from onsite.core.facebook.conversations import CALLS_PER_S
from onsite.core.facebook.translate import translate_item
from onsite.core.model import Platform
from onsite.core.settings import OnsiteSettings
from onsite.core.telegram.translate import translate_update, update_id_of
from onsite.engine.announcer import Announcer
from onsite.engine.attempt import Attempt
from onsite.engine.backfills import Backfills
from onsite.engine.bell import Bell
from onsite.engine.channel_admin import ChannelAdmin
from onsite.engine.channels import Channel
from onsite.engine.gap_reader import GapReader
from onsite.engine.giving_back import GivingBack
from onsite.engine.inbox import Inbox
from onsite.engine.incoming import Applied
from onsite.engine.metrics import Metrics
from onsite.engine.pace import Pace
from onsite.engine.poller import Poller
from onsite.engine.pollers import Pollers
from onsite.engine.ports import Courier
from onsite.engine.profiles import Profiles
from onsite.engine.quarantine import Quarantine
from onsite.engine.relay_batches import RelayBatches
from onsite.engine.relay_link import RelayLink
from onsite.engine.replies import Replies
from onsite.engine.resealing import Resealing
from onsite.engine.sender import Sender
from onsite.web.app import Routes, build_app
from onsite.web.attention import AttentionRoutes
from onsite.web.backfills import BackfillRoutes
from onsite.web.channels import ChannelRoutes
from onsite.web.connecting import ConnectRoutes
from onsite.web.conversations import ConversationRoutes
from onsite.web.disconnecting import DisconnectRoutes
from onsite.web.health import HealthRoutes
from onsite.web.master_key import MasterKeyRoutes
from onsite.web.media import MediaRoutes
from onsite.web.quarantine import QuarantineRoutes
from onsite.web.relay_events import OFF, RelayEvents, RelayEventsOff
from onsite.web.status import StatusRoutes
from shared.exchange import new_platform_session
from shared.folder_lock import FolderLock
from shared.local_keys import load_or_create
from shared.logs import get_logger
from shared.runtime import listening, stop_event
from shared.tasks import Supervisor
from shared.vault import Vault

log = get_logger(__name__)

DRAIN_S = 5.0
"""How long replies on their way are waited for when the site stops; Docker kills after 10 s."""


@dataclass(frozen=True)
class Clients:
    """The ways out, to the platforms and to the relay."""

    graph: GraphClient
    telegram: TelegramClient
    relay: RelayClient | None
    """None where nobody told us its address."""
    media: MediaSources


@dataclass(frozen=True)
class Site:
    """The parts of one site that others join."""

    database: Database
    channels: SqlChannels
    inbox: Inbox
    sender: Sender
    pollers: Pollers
    backfills: Backfills
    profiles: Profiles
    clients: Clients
    supervisor: Supervisor
    bell: Bell
    metrics: Metrics
    reader: SqlReader
    link: RelayLink
    media: Media


async def run(settings: OnsiteSettings) -> None:
    """Run the site until SIGTERM or SIGINT. Raises UserError when it cannot start."""
    stop = stop_event()
    os.umask(0o077)  # conversations and keys are nobody's but their owner's, also in a folder that others may enter
    with FolderLock(settings.data_dir, owner="onsite run"):
        async with serving(settings) as port:
            log.info("onsite_serves", host=settings.host, port=port, site=settings.site or "")
            await stop.wait()
            log.info("onsite_stops")


@asynccontextmanager
async def serving(settings: OnsiteSettings, *, media_door: Door = OUTSIDE) -> AsyncIterator[int]:
    """Run a site meanwhile; yields the port on which it listens. Raises UserError when it cannot start."""
    async with AsyncExitStack() as stack:
        site = _build(settings, await _open(settings, stack), await _connect(settings, media_door, stack))
        stack.push_async_callback(site.media.fetcher.close)
        stack.push_async_callback(site.sender.drain, DRAIN_S)
        stack.push_async_callback(site.supervisor.close)
        app = build_app(_routes(settings, site))
        port = await stack.enter_async_context(listening(app, host=settings.host, port=settings.port))
        stack.callback(site.bell.close)  # requests that wait for a reply's fate end at once
        await _start(site)
        yield port


async def _open(settings: OnsiteSettings, stack: AsyncExitStack) -> Database:
    database = open_database(settings.database_url, settings.data_dir)
    stack.push_async_callback(database.close)
    await upgrade(database)
    return database


async def _connect(settings: OnsiteSettings, media_door: Door, stack: AsyncExitStack) -> Clients:
    http = await stack.enter_async_context(new_platform_session())
    graph = GraphClient(http, base_url=settings.graph_url)
    telegram = TelegramClient(http, base_url=settings.telegram_url)
    media = await open_sources(graph, telegram, media_door, stack)
    return Clients(graph, telegram, _relay_client(settings, http), media)


def _relay_client(settings: OnsiteSettings, http: ClientSession) -> RelayClient | None:
    if settings.site is None or settings.relay_secret is None:
        return None
    if settings.relay_url is None:
        log.info("announcing_off", reason=relay_answers.OFF.sentence)
        return None
    return RelayClient(http, base_url=settings.relay_url, site=settings.site, secret=settings.relay_secret)


def _build(settings: OnsiteSettings, database: Database, clients: Clients) -> Site:
    bell, metrics, supervisor = Bell(), Metrics(), Supervisor()
    channels = SqlChannels(database, Vault(master_keys_of(settings)))
    profiles = _profiles(database, channels, clients)
    media = build_media(settings, database, channels, clients.media, metrics)
    inbox = _inbox(database, bell, metrics, profiles, media)

    def new_poller(channel: Channel, token: SecretStr) -> Poller:
        return Poller(
            channel,
            token,
            telegram=clients.telegram,
            inbox=inbox,
            store=channels,
            metrics=metrics,
            sleep=asyncio.sleep,
            jitter=random.random,
        )

    sender = _sender(database, channels, clients, bell, metrics)
    pollers = Pollers(supervisor, channels, new_poller)
    reader, link = SqlReader(database), RelayLink(asked=clients.relay is not None, clock=time.time)
    backfills = _backfills(database, channels, inbox, clients, supervisor)
    return Site(
        database,
        channels,
        inbox,
        sender,
        pollers,
        backfills,
        profiles,
        clients,
        supervisor,
        bell,
        metrics,
        reader,
        link,
        media,
    )


def _inbox(database: Database, bell: Bell, metrics: Metrics, profiles: Profiles, media: Media) -> Inbox:
    def on_messages(applied: Applied) -> None:
        profiles.wake()
        if applied.media:
            media.fetcher.wake()

    return Inbox(
        SqlInbox(database),
        translate_item=translate_item,
        translate_update=translate_update,
        update_id_of=update_id_of,
        bell=bell,
        metrics=metrics,
        clock=time.time,
        on_messages=on_messages,
    )


def _profiles(database: Database, channels: SqlChannels, clients: Clients) -> Profiles:
    pace = Pace(profile.CALLS_PER_S, monotonic=time.monotonic, sleep=asyncio.sleep)
    return Profiles(SqlProfiles(database), channels, GraphProfiles(clients.graph), pace, clock=time.time)


def _backfills(
    database: Database, channels: SqlChannels, inbox: Inbox, clients: Clients, supervisor: Supervisor
) -> Backfills:
    gaps = SqlGaps(database)
    pace = Pace(CALLS_PER_S, monotonic=time.monotonic, sleep=asyncio.sleep)
    reader = GapReader(gaps, GraphConversations(clients.graph), inbox, pace, clock=time.time)
    return Backfills(gaps, channels, reader, supervisor, clock=time.time, sleep=asyncio.sleep, jitter=random.random)


def _sender(database: Database, channels: SqlChannels, clients: Clients, bell: Bell, metrics: Metrics) -> Sender:
    couriers: dict[Platform, Courier] = {
        Platform.FACEBOOK: FacebookCourier(clients.graph),
        Platform.TELEGRAM: TelegramCourier(clients.telegram),
    }
    outbox = SqlOutbox(database)
    attempt = Attempt(outbox, channels, couriers, bell=bell, metrics=metrics, clock=time.time, sleep=asyncio.sleep)
    return Sender(outbox, attempt, clock=time.time, sleep=asyncio.sleep)


async def _start(site: Site) -> None:
    await site.sender.recover()
    await site.media.fetcher.recover()
    site.supervisor.start("sender", site.sender.run)
    site.supervisor.start("media", site.media.fetcher.run)
    site.supervisor.start("media upkeep", site.media.upkeep.run)
    await site.pollers.start_all()
    await site.backfills.start_all()
    site.supervisor.start("profiles", site.profiles.run)
    if site.clients.relay is not None:
        site.supervisor.start("announcer", _announcer(site, site.clients.relay).run)


def _announcer(site: Site, relay: RelayClient) -> Announcer:
    return Announcer(
        relay,
        site.link,
        site.inbox,
        clock=time.time,
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        jitter=random.random,
    )


def _routes(settings: OnsiteSettings, site: Site) -> list[Routes]:
    token, gaps = _api_token_of(settings), SqlGaps(site.database)
    replies = Replies(
        SqlReplies(site.database),
        wake_sender=site.sender.wake,
        bell=site.bell,
        clock=time.time,
        new_correlation=lambda: uuid.uuid4().hex,
    )

    async def on_credentials(channel_id: int) -> None:
        await site.backfills.go_on(channel_id)
        await site.media.fetcher.go_on(channel_id)

    admin = ChannelAdmin(
        site.channels,
        site.pollers,
        facebook=site.clients.graph,
        telegram=site.clients.telegram,
        on_credentials=on_credentials,
    )
    return [
        _receiver(settings, site, admin),
        ChannelRoutes(site.channels, admin, token=token),
        MasterKeyRoutes(Resealing(SqlSealed(site.database, site.channels.vault)), token=token),
        DisconnectRoutes(GivingBack(site.clients.relay, admin, site.channels), token=token),
        ConnectRoutes(None if site.clients.relay is None else site.clients.relay.connect_link, token=token),
        AttentionRoutes(SqlAttention(site.database), token=token),
        ConversationRoutes(site.reader, replies, site.bell, token=token),
        MediaRoutes(site.media.store, site.media.files, site.media.fetcher, token=token),
        QuarantineRoutes(*_quarantine(site), token=token),
        BackfillRoutes(gaps, site.backfills, clock=time.time, token=token),
        StatusRoutes(
            *(site.reader, site.channels, site.inbox, site.link, site.supervisor, site.backfills),
            site=settings.site,
            token=token,
        ),
        HealthRoutes(site.reader, site.metrics, site.link),
    ]


def _quarantine(site: Site) -> tuple[SqlQuarantine, Quarantine]:
    store = SqlQuarantine(site.database)
    quarantine = Quarantine(
        store,
        translate_item=translate_item,
        translate_update=translate_update,
        bell=site.bell,
        wake_media=site.media.fetcher.wake,
    )
    return store, quarantine


def _receiver(settings: OnsiteSettings, site: Site, admin: ChannelAdmin) -> Routes:
    if settings.site is None or settings.relay_secret is None:
        log.info("relay_receiver_off", reason=OFF)
        return RelayEventsOff()
    batches = RelayBatches(site.inbox, admin, site.backfills, secret=settings.relay_secret)
    return RelayEvents(batches, site=settings.site, secret=settings.relay_secret, metrics=site.metrics)


def _api_token_of(settings: OnsiteSettings) -> SecretStr:
    return settings.api_token or load_or_create(settings.api_token_file, lambda: SecretStr(secrets.token_urlsafe(32)))
