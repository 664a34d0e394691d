"""What `onsite check` looks at, and with what: every question of its own, side by side, each for a bounded time."""

import shutil
import time
from collections.abc import Sequence
from functools import partial

import aiohttp
from pydantic import SecretStr

from onsite.adapters.graph_client import GraphClient
from onsite.adapters.relay_client import RelayClient
from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import FILE_NAME, Database, open_database
from onsite.adapters.sql.database_check import check_database, nearest_folder
from onsite.adapters.telegram_client import TelegramClient
from onsite.bootstrap.keys import known_master_keys
from onsite.core import checks, relay_answers
from onsite.core.errors import FacebookError, TelegramError
from onsite.core.model import Platform
from onsite.core.settings import OnsiteSettings
from onsite.engine.channels import Channel, Credentials
from onsite.engine.errors import StoreUnavailable
from shared.checks import Check, failed, passed, skipped
from shared.clock_check import ahead_of, judge_clock
from shared.exchange import CONNECT_TIMEOUT_S, NoAnswer, NotSent, exchange_full, new_platform_session
from shared.graph import RENEWAL_HINT
from shared.questions import Question, ask_all
from shared.releases import own_version
from shared.vault import Vault

TIMEOUT = aiohttp.ClientTimeout(total=10.0, connect=CONNECT_TIMEOUT_S)

CHANNELS = "channels"


async def check(settings: OnsiteSettings, *, hidden: bool) -> list[Check]:
    """Look at everything; a bar shows meanwhile unless `hidden`. Beside a running site or without one."""
    database = _database_of(settings)
    async with new_platform_session() as http:
        questions = [
            Question(checks.DISK, partial(_look_at_disk, settings), checks.DATA_FOLDER),
            Question(checks.SITE, partial(_look_at_site, settings, http), checks.START),
            Question(checks.RELAY, partial(_look_at_relay, settings, http), checks.RELAY_WAY),
            Question("Facebook", partial(_reach_facebook, settings, http), checks.RELAY_WAY),
            Question("Telegram", partial(_reach_telegram, settings, http), checks.RELAY_WAY),
            Question(checks.DATABASE, partial(_look_into, settings, database, http), checks.DATABASE_AWAY),
        ]
        try:
            return [passed("settings", "every one can be used"), *await ask_all(questions, hidden=hidden)]
        finally:
            if database is not None:
                await database.close()


def _database_of(settings: OnsiteSettings) -> Database | None:
    """Open the database, and make none where there is none. Raises UserError."""
    if settings.database_url is None and not (settings.data_dir / FILE_NAME).exists():
        return None
    return open_database(settings.database_url, settings.data_dir)


async def _look_at_disk(settings: OnsiteSettings) -> list[Check]:
    try:
        return [checks.judge_disk(shutil.disk_usage(nearest_folder(settings.data_dir)).free)]
    except OSError as error:
        return [failed(checks.DISK, f"{settings.data_dir} cannot be looked at: {error.strerror}", checks.DATA_FOLDER)]


async def _look_at_site(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    url = f"http://127.0.0.1:{settings.port}"
    try:
        answer = await exchange_full(http, "GET", f"{url}/readyz", timeout=TIMEOUT)
    except (NotSent, NoAnswer) as trouble:
        return [failed(checks.SITE, f"it does not answer: {trouble}", checks.START)]
    return [checks.judge_site(answer.status, url=url)]


async def _look_at_relay(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    if settings.site is None or settings.relay_secret is None:
        return [skipped(checks.RELAY, "none is set up: Telegram needs none; Facebook does")]
    if settings.relay_url is None:
        return [checks.judge_relay(relay_answers.OFF)]
    relay = RelayClient(http, base_url=settings.relay_url, site=settings.site, secret=settings.relay_secret)
    reading = await relay.look()
    return [checks.judge_relay(reading), *checks.judge_releases(reading.version, own_version())]


async def _reach_facebook(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    trouble, date = await _reach(http, settings.graph_url)
    ahead_s = ahead_of(date, time.time())
    return [
        checks.judge_reached("Facebook", trouble, host="graph.facebook.com"),
        judge_clock(ahead_s, whose="Facebook" if ahead_s is None else "Facebook's"),
    ]


async def _reach_telegram(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    trouble, _ = await _reach(http, settings.telegram_url)
    return [checks.judge_reached("Telegram", trouble, host="api.telegram.org")]


async def _reach(http: aiohttp.ClientSession, url: str) -> tuple[str, str]:
    """Return why nothing answers, empty where something does; and the date it told. Any answer will do."""
    try:
        answer = await exchange_full(http, "GET", url, timeout=TIMEOUT)
    except (NotSent, NoAnswer) as trouble:
        return str(trouble), ""
    return "", answer.headers.get("Date", "")


async def _look_into(settings: OnsiteSettings, database: Database | None, http: aiohttp.ClientSession) -> list[Check]:
    """Look at the database, and at the channels that it holds."""
    if database is None:
        return [checks.no_database()]
    try:
        mode = await check_database(database)
        found = passed(checks.DATABASE, f"opens, is of this release, and can be written ({mode})")
        return [found, *await _look_at_channels(settings, database, http)]
    except StoreUnavailable as error:
        return [failed(checks.DATABASE, str(error), checks.DATABASE_AWAY)]


async def _look_at_channels(settings: OnsiteSettings, database: Database, http: aiohttp.ClientSession) -> list[Check]:
    keys = known_master_keys(settings)
    if not keys:
        return [skipped(CHANNELS, "no master key is there yet: the site makes one at its first start")]
    store = SqlChannels(database, Vault(keys))
    found: Sequence[Channel] = await store.channels()
    if not found:
        return [skipped(CHANNELS, checks.NO_CHANNEL)]
    clients = (GraphClient(http, base_url=settings.graph_url), TelegramClient(http, base_url=settings.telegram_url))

    def question(channel: Channel) -> Question:
        remedy = RENEWAL_HINT if channel.ref.platform is Platform.FACEBOOK else checks.NEW_TOKEN
        return Question(_name(channel), partial(_look_at_channel, channel, store, *clients), remedy)

    return await ask_all([question(channel) for channel in found])


async def _look_at_channel(
    channel: Channel, store: SqlChannels, graph: GraphClient, telegram: TelegramClient
) -> list[Check]:
    """Try a channel's token. Raises UserError for one that the master key does not open."""
    credentials = await store.credentials(channel.id)
    if credentials is None:
        return [checks.no_token(_name(channel))]
    if channel.ref.platform is Platform.FACEBOOK:
        return [await _try_page(channel.ref.external_id, credentials, graph)]
    return [await _try_bot(_name(channel), credentials.token, telegram)]


async def _try_page(page_id: str, credentials: Credentials, graph: GraphClient) -> Check:
    try:
        return checks.judge_page(page_id, await graph.identify(credentials.token, credentials.proof))
    except FacebookError as error:
        return checks.judge_page(page_id, error)


async def _try_bot(name: str, token: SecretStr, telegram: TelegramClient) -> Check:
    try:
        await telegram.get_me(token)
        return checks.judge_bot(name, await telegram.get_webhook_url(token))
    except TelegramError as error:
        return checks.judge_bot(name, error)


def _name(channel: Channel) -> str:
    kind = "page" if channel.ref.platform is Platform.FACEBOOK else "bot"
    return f"{kind} {channel.ref.external_id}"
