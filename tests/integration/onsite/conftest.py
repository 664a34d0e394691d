"""What the site's integration tests share: a real database with this release's tables, made once and copied."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import FILE_NAME, Database, open_database
from onsite.adapters.sql.inbox import SqlInbox
from onsite.adapters.sql.migrate import upgrade
from onsite.adapters.sql.outbox import SqlOutbox
from onsite.adapters.sql.reader import SqlReader
from onsite.adapters.sql.replies import SqlReplies
from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from shared.vault import Vault, new_master_key
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, PSID, SECRET, SITE, USER_ID, RunningSite
from tests.integration.onsite.store import SQLITE, Store, traced
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.support.media_host import closed_door
from tests.support.postgres import Postgres, find_postgres


async def make_tables(url: SecretStr | None, folder: Path) -> None:
    """Bring an empty database to this release."""
    database = open_database(url, folder)
    await upgrade(database)
    await database.close()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    asyncio.run(make_tables(None, folder))
    return folder / FILE_NAME


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Start a PostgreSQL for the session; without one, whatever needs it is skipped."""
    if (programs := find_postgres()) is None:
        pytest.skip("no PostgreSQL is here: neither the package pgserver nor a server")
    with Postgres(programs) as server:
        asyncio.run(make_tables(server.create(), tmp_path_factory.mktemp("empty")))
        yield server


@pytest.fixture
def data_dir(tmp_path: Path, empty_database: Path) -> Path:
    shutil.copy(empty_database, tmp_path / FILE_NAME)
    return tmp_path


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> SecretStr | None:
    """Name the database: the SQLite file of `data_dir`, unless a test is `on_both_databases`."""
    if getattr(request, "param", SQLITE) == SQLITE:
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.copy()


@pytest.fixture
async def database(data_dir: Path, database_url: SecretStr | None) -> AsyncIterator[Database]:
    database = open_database(database_url, data_dir)
    yield database
    await database.close()


@pytest.fixture
def master_key() -> SecretStr:
    return new_master_key()


@pytest.fixture
def store(database: Database, master_key: SecretStr) -> Store:
    return Store(
        database,
        SqlInbox(database),
        SqlChannels(database, Vault([master_key])),
        SqlReplies(database),
        SqlOutbox(database),
        SqlReader(database),
    )


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that the database is given, in order, with its values."""
    seen: list[str] = []
    with traced(database, seen.append):
        yield seen


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator() as simulator:
        simulator.add_page(PAGE_ID, name="Acme", token=PAGE_TOKEN)
        simulator.add_person(page_id=PAGE_ID, psid=PSID, name="Ada Lovelace")
        yield simulator


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        simulator.add_bot(BOT_TOKEN, username="acme_bot")
        simulator.add_user(id=USER_ID, first_name="Ada", last_name="Lovelace", username="ada")
        yield simulator


@pytest.fixture
def settings(
    data_dir: Path, database_url: SecretStr | None, graph: GraphSimulator, telegram: TelegramSimulator
) -> OnsiteSettings:
    return OnsiteSettings(
        database_url=database_url,
        site=SITE,
        relay_secret=SECRET,
        data_dir=data_dir,
        port=0,
        graph_url=graph.url,
        telegram_url=telegram.url,
    )


@pytest.fixture
async def site(
    settings: OnsiteSettings, graph: GraphSimulator, telegram: TelegramSimulator
) -> AsyncIterator[RunningSite]:
    async with serving(settings, media_door=closed_door()) as port, aiohttp.ClientSession() as http:
        site = RunningSite(settings, f"http://127.0.0.1:{port}", http, graph, telegram)
        app = web.Application()
        app.router.add_post("/webhook", site.forward)
        async with TestServer(app) as relay:
            graph.callback_url = str(relay.make_url("/webhook"))
            yield site
