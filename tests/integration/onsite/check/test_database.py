"""What `onsite check` says of the database. By looking, it makes none and changes none, whatever the address names."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import FILE_NAME, Database, open_database
from onsite.core import machine_checks as checks
from onsite.engine.channels import Credentials
from shared.vault import Vault, new_master_key
from tests.integration.onsite.check.report import Run, lines_of
from tests.integration.onsite.command import run_onsite
from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN
from tests.integration.onsite.store import PAGE
from tests.support.postgres import TEMPLATE, Postgres


def foreign(path: Path, *, mode: str) -> None:
    """Make another program's file."""
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("CREATE TABLE invoices (id INTEGER)")
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.commit()


def contents(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.mark.parametrize("name", ["onsite.bd", "no/such/folder/onsite.db"])
async def test_a_mistyped_path_fails_and_makes_nothing(run: Run, elsewhere: Path, name: str) -> None:
    ended = await run("--json", ONSITE_DATABASE_URL=f"sqlite:///{elsewhere / name}")
    line = lines_of(ended)[checks.DATABASE]

    assert (ended.code, line["outcome"], line["remedy"]) == (1, "failed", checks.RIGHT_FILE)
    assert line["words"] == f"{elsewhere / name} is not there; it was not made"
    assert contents(elsewhere) == {}


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
async def test_another_programs_file_fails_and_stays_as_it_is(run: Run, elsewhere: Path, mode: str) -> None:
    foreign(elsewhere / "other.db", mode=mode)
    before = contents(elsewhere)
    ended = await run("--json", ONSITE_DATABASE_URL=f"sqlite:///{elsewhere}/other.db")
    line = lines_of(ended)[checks.DATABASE]

    assert (ended.code, line["outcome"], line["remedy"]) == (1, "failed", checks.OWN_DATABASE)
    assert "tables of another program (alembic_version, invoices)" in line["words"]
    assert contents(elsewhere) == before


async def test_a_site_does_not_start_on_another_programs_file(elsewhere: Path, tmp_path: Path) -> None:
    foreign(elsewhere / "other.db", mode="DELETE")
    env = {"ONSITE_DATABASE_URL": f"sqlite:///{elsewhere}/other.db", "ONSITE_PORT": "0"}
    ended = await run_onsite("run", env=env, cwd=str(tmp_path))

    assert ended.code == 1
    assert "onsite: the database is left as it is: it holds tables of another program" in ended.err
    with closing(sqlite3.connect(elsewhere / "other.db")) as other:
        names = {name for (name,) in other.execute("SELECT name FROM sqlite_master")}
    assert names == {"invoices", "alembic_version"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "holds no tables", id="empty"),
        pytest.param(b"not at all a database, but long enough " * 40, "cannot be read as a database", id="a text"),
    ],
)
async def test_a_file_that_is_no_database_of_ours_fails(run: Run, elsewhere: Path, content: bytes, words: str) -> None:
    (elsewhere / "file").write_bytes(content)
    line = lines_of(await run("--json", ONSITE_DATABASE_URL=f"sqlite:///{elsewhere}/file"))[checks.DATABASE]

    assert (line["outcome"], words in line["words"]) == ("failed", True)
    assert contents(elsewhere) == {"file": content}


@pytest.mark.parametrize("address", ["sqlite:///{path}", "sqlite:///file:{path}?uri=true"])
async def test_our_own_file_passes_wherever_it_is(
    run: Run, data_dir: Path, elsewhere: Path, empty_database: Path, address: str
) -> None:
    path = elsewhere / "of a site.db"
    shutil.copy(empty_database, path)
    line = lines_of(await run("--json", ONSITE_DATABASE_URL=address.format(path=path)))[checks.DATABASE]

    assert (line["outcome"], line["words"]) == ("passed", "opens, is of this release, and can be written (wal)")
    assert set(contents(elsewhere)) == {path.name}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param("SELECT 1", "holds no tables yet: `onsite run` makes them", id="empty"),
        pytest.param("CREATE TABLE invoices (id INTEGER)", "tables of another program (invoices)", id="foreign"),
    ],
)
async def test_a_server_whose_database_is_not_ours_fails_and_stays_as_it_is(
    run: Run, postgres: Postgres, tmp_path: Path, statement: str, words: str
) -> None:
    url = postgres.create(f"not_ours_{len(statement)}")
    database = open_database(url, tmp_path)
    await database.write(lambda connection: connection.execute(text(statement)).close())
    before = await tables_of(database)
    line = lines_of(await run("--json", ONSITE_DATABASE_URL=url.get_secret_value()))[checks.DATABASE]

    assert (line["outcome"], words in line["words"]) == ("failed", True)
    assert await tables_of(database) == before
    await database.close()


async def test_a_server_that_is_away_fails_without_its_password(run: Run, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://onsite:secret-word@127.0.0.1:9/{TEMPLATE}"
    ended = await run("--json", ONSITE_DATABASE_URL=url)

    assert lines_of(ended)[checks.DATABASE]["outcome"] == "failed"
    assert "secret-word" not in ended.out + ended.err


async def tables_of(database: Database) -> list[str]:
    query = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return await database.read(lambda connection: list(connection.execute(query).scalars()))


@pytest.mark.usefixtures("channels")
async def test_what_is_sealed_under_an_earlier_key_is_told_with_what_mends_it(run: Run, data_dir: Path) -> None:
    old = (data_dir / "master-key").read_text().strip()
    new = new_master_key().get_secret_value()
    line = lines_of(await run("--json", ONSITE_MASTER_KEY=f"{new},{old}"))[checks.MASTER_KEY]

    assert (line["outcome"], line["remedy"]) == ("warned", checks.ROTATE)
    assert line["words"].startswith("what 2 of 2 channels have")


async def test_what_no_key_opens_is_its_channels_own_line(run: Run, data_dir: Path) -> None:
    database = open_database(None, data_dir)
    stranger = SqlChannels(database, Vault([new_master_key()]))
    await stranger.save_channel(PAGE, name="", credentials=Credentials(SecretStr(PAGE_TOKEN)))
    await database.close()
    ended = await run("--json")
    lines = lines_of(ended)

    assert (ended.code, lines[f"page {PAGE_ID}"]["outcome"]) == (1, "failed")
    assert "cannot be opened" in lines[f"page {PAGE_ID}"]["words"]
    assert checks.MASTER_KEY not in lines
    assert (data_dir / FILE_NAME).exists()
