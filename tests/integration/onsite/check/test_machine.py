"""What `onsite check` says of the data folder and the disks: it writes to know, and leaves nothing behind."""

from pathlib import Path
from tempfile import gettempdir

import pytest

from onsite.core import machine_checks as checks
from tests.integration.onsite.check.report import Run, lines_of
from tests.integration.onsite.command import run_onsite

OTHER_DISK = Path("/dev/shm")  # noqa: S108  memory that Linux shows as a disk of its own
NOBODYS = Path("/sys")
"""A folder in which not even root can write."""

linux = pytest.mark.skipif(not NOBODYS.is_dir(), reason="needs Linux's /sys")


def contents(folder: Path) -> set[str]:
    """Name what lies in a folder, but for what SQLite keeps beside a database in use."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


async def test_a_folder_that_can_be_written_holds_afterwards_what_it_held_before(run: Run, data_dir: Path) -> None:
    before = contents(data_dir)
    line = lines_of(await run("--json"))[checks.FOLDER]

    assert (line["outcome"], line["words"]) == ("passed", f"{data_dir} can be written")
    assert contents(data_dir) == before


@linux
@pytest.mark.parametrize(
    ("folder", "words"),
    [
        pytest.param(NOBODYS, "nothing can be written in /sys: ", id="there"),
        pytest.param(NOBODYS / "a" / "b", "/sys/a/b is not there, and cannot be made in /sys: ", id="not there"),
    ],
)
async def test_a_folder_that_cannot_be_written_fails_with_the_reason(run: Run, folder: Path, words: str) -> None:
    ended = await run("--json", ONSITE_DATA_DIR=str(folder))
    line = lines_of(ended)[checks.FOLDER]

    assert (ended.code, line["outcome"], line["remedy"]) == (1, "failed", checks.OWN_IT)
    assert line["words"].startswith(words)
    assert len(line["words"]) > len(words)


async def test_before_the_first_start_it_says_where_the_folder_will_be_and_makes_none(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    lines = lines_of(await run_onsite("check", "--json", env={"ONSITE_DATA_DIR": str(folder)}, cwd=str(tmp_path)))

    assert lines[checks.FOLDER]["outcome"] == "skipped"
    assert contents(tmp_path) == set()


async def test_a_database_on_the_same_disk_shares_its_line(run: Run) -> None:
    lines = lines_of(await run("--json"))

    assert lines[checks.DISK]["words"].endswith("for the data folder and the database")
    assert checks.DATABASE_DISK not in lines


@pytest.mark.skipif(
    not OTHER_DISK.is_dir() or OTHER_DISK.stat().st_dev == Path(gettempdir()).stat().st_dev,
    reason="needs a second disk",
)
async def test_a_database_on_another_disk_has_a_line_of_its_own(run: Run) -> None:
    lines = lines_of(await run("--json", ONSITE_DATABASE_URL=f"sqlite:///{OTHER_DISK}/no/such/onsite.db"))

    assert lines[checks.DISK]["words"].endswith("for the data folder")
    assert lines[checks.DATABASE_DISK]["words"].endswith("for the database")
