"""Builds what fetches, keeps and hands out customers' files."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from onsite.adapters.downloads import Door, new_download_session
from onsite.adapters.facebook_media import FacebookMedia
from onsite.adapters.graph_client import GraphClient
from onsite.adapters.media_files import MediaFolder
from onsite.adapters.recogniser import ContentRecogniser
from onsite.adapters.sql.database import Database
from onsite.adapters.sql.media import SqlMedia
from onsite.adapters.sql.media_keeping import SqlKeptMedia
from onsite.adapters.telegram_client import TelegramClient
from onsite.adapters.telegram_media import TelegramMedia
from onsite.core.model import Platform
from onsite.core.settings import OnsiteSettings
from onsite.engine.media import MediaSource
from onsite.engine.media_fetch import MediaFetch
from onsite.engine.media_fetcher import MediaFetcher
from onsite.engine.media_upkeep import MediaUpkeep, Rules
from onsite.engine.metrics import Metrics
from onsite.engine.ports import ChannelStore


@dataclass(frozen=True)
class Media:
    """The parts of one site that have to do with files."""

    store: SqlMedia
    files: MediaFolder
    fetcher: MediaFetcher
    upkeep: MediaUpkeep


@dataclass(frozen=True)
class MediaSources:
    """The ways to where files are, and what looks at what comes."""

    by_platform: dict[Platform, MediaSource]
    recogniser: ContentRecogniser


async def open_sources(graph: GraphClient, telegram: TelegramClient, door: Door, stack: AsyncExitStack) -> MediaSources:
    """Open the sessions; `stack` closes them."""
    outside = await stack.enter_async_context(new_download_session(door))
    configured = await stack.enter_async_context(new_download_session(None))
    recogniser = ContentRecogniser()
    stack.push_async_callback(asyncio.to_thread, recogniser.close)
    sources: dict[Platform, MediaSource] = {
        Platform.FACEBOOK: FacebookMedia(graph, outside),
        Platform.TELEGRAM: TelegramMedia(telegram, configured),
    }
    return MediaSources(sources, recogniser)


def build_media(
    settings: OnsiteSettings, database: Database, channels: ChannelStore, sources: MediaSources, metrics: Metrics
) -> Media:
    """Put the parts together."""
    store, files = SqlMedia(database), MediaFolder(settings.media_folder)
    fetch = MediaFetch(
        store,
        channels,
        sources.by_platform,
        files,
        sources.recogniser,
        limit_bytes=settings.media_limit_bytes,
        metrics=metrics,
        clock=time.time,
    )
    fetcher = MediaFetcher(store, files, fetch, clock=time.time, sleep=asyncio.sleep)
    rules = Rules(settings.media_keep_days, settings.media_keep_bytes)
    upkeep = MediaUpkeep(SqlKeptMedia(database), files, rules, clock=time.time, sleep=asyncio.sleep)
    return Media(store, files, fetcher, upkeep)
