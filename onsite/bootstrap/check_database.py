"""What `onsite check` looks at in the database, and at the channels that it holds. It makes no database."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from onsite.adapters.graph_client import GraphClient
from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import Database, open_at, open_database
from onsite.adapters.sql.database_check import check_database
from onsite.adapters.sql.owner import is_foreign, whose
from onsite.adapters.sql.sealed import SqlSealed
from onsite.adapters.sql.sqlite_file import existing_only, sqlite_path, tables_in
from onsite.adapters.telegram_client import TelegramClient
from onsite.bootstrap.keys import known_master_keys
from onsite.core import checks, machine_checks
from onsite.core.errors import FacebookError, TelegramError
from onsite.core.model import Platform
from onsite.core.settings import OnsiteSettings
from onsite.engine.channels import Channel, Credentials
from onsite.engine.errors import StoreUnavailable
from shared.checks import Check, failed, passed, skipped
from shared.graph import RENEWAL_HINT
from shared.questions import Question, ask_all
from shared.vault import Vault

CHANNELS = "channels"


async def look_into(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    """Look at the database, and at the channels in it. Raises UserError for an address that is none."""
    file = sqlite_path(settings.database_url, settings.data_dir)
    try:
        if file is not None and (line := _look_at_file(file, is_named=settings.database_url is not None)):
            return [line]
        database = open_database(settings.database_url, Path()) if file is None else open_at(existing_only(file))
        try:
            mode = await check_database(database)
            found = passed(machine_checks.DATABASE, f"opens, is of this release, and can be written ({mode})")
            return [found, *await _look_at_channels(settings, database, http)]
        finally:
            await database.close()
    except StoreUnavailable as error:
        return [failed(machine_checks.DATABASE, str(error), machine_checks.DATABASE_AWAY)]


def _look_at_file(file: Path, *, is_named: bool) -> Check | None:
    """Say why a file cannot be the site's database; None where it may be. Raises StoreUnavailable."""
    if not file.exists():
        return machine_checks.no_such_file(str(file)) if is_named else machine_checks.no_database()
    tables = tables_in(file)
    if not tables:
        return machine_checks.no_tables(str(file))
    return machine_checks.foreign(str(file), whose(tables)) if is_foreign(tables) else None


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

    first, earlier = await SqlSealed(database, store.vault).under_which_key()
    lines = machine_checks.judge_keys(first, earlier, keys=len(keys))
    return [*lines, *await ask_all([question(channel) for channel in found])]


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
