"""What is made of the folder, the disks, the database's file and the master key."""

import pytest

from onsite.core import machine_checks as checks
from onsite.core.machine_checks import Room
from shared.checks import Outcome

MIB = 1024**2
GIB = 1024 * MIB
FOLDER = Room("the data folder", 7, 2 * GIB)


@pytest.mark.parametrize(
    ("free_bytes", "outcome"),
    [(0, Outcome.FAILED), (63 * MIB, Outcome.FAILED), (64 * MIB, Outcome.WARNED), (1024 * MIB, Outcome.PASSED)],
)
def test_room_on_a_disk(free_bytes: int, outcome: Outcome) -> None:
    (line,) = checks.judge_rooms(Room("the data folder", 7, free_bytes), None)

    assert (line.name, line.outcome) == (checks.DISK, outcome)
    assert bool(line.remedy) is (outcome is not Outcome.PASSED)


@pytest.mark.parametrize(
    ("database", "names", "words"),
    [
        pytest.param(None, [checks.DISK], "the data folder", id="with a server"),
        pytest.param(Room("the database", 7, 2 * GIB), [checks.DISK], "and the database", id="on the same disk"),
        pytest.param(
            Room("the database", 8, 2 * GIB), [checks.DISK, checks.DATABASE_DISK], "for the database", id="on another"
        ),
    ],
)
def test_each_disk_that_holds_something_is_a_line(database: Room | None, names: list[str], words: str) -> None:
    lines = checks.judge_rooms(FOLDER, database)

    assert [line.name for line in lines] == names
    assert lines[-1].words.endswith(words)


def test_a_full_disk_of_the_database_fails_though_the_data_folder_has_room() -> None:
    lines = checks.judge_rooms(FOLDER, Room("the database", 8, 0))

    assert [line.outcome for line in lines] == [Outcome.PASSED, Outcome.FAILED]


@pytest.mark.parametrize(
    ("trouble", "unusable", "outcome", "words"),
    [
        pytest.param("", [], Outcome.PASSED, "can be written", id="well"),
        pytest.param("Read-only file system", [], Outcome.FAILED, "Read-only file system", id="not writable"),
        pytest.param("", ["lock", "api-token"], Outcome.FAILED, "lock, api-token", id="files of another user"),
    ],
)
def test_the_data_folder(trouble: str, unusable: list[str], outcome: Outcome, words: str) -> None:
    line = checks.judge_folder("var/onsite", trouble=trouble, unusable=unusable)

    assert (line.outcome, words in line.words) == (outcome, True)


@pytest.mark.parametrize(("trouble", "outcome"), [("", Outcome.SKIPPED), ("Permission denied", Outcome.FAILED)])
def test_a_data_folder_that_is_not_there_yet(trouble: str, outcome: Outcome) -> None:
    assert checks.no_folder("var/onsite", "/srv", trouble=trouble).outcome is outcome


@pytest.mark.parametrize(
    ("first", "earlier", "keys", "outcomes"),
    [
        pytest.param(0, 0, 1, [], id="nothing is sealed"),
        pytest.param(3, 0, 1, [Outcome.PASSED], id="one key"),
        pytest.param(3, 0, 2, [Outcome.PASSED], id="nothing needs the other"),
        pytest.param(1, 2, 2, [Outcome.WARNED], id="not sealed anew yet"),
    ],
)
def test_the_master_key(first: int, earlier: int, keys: int, outcomes: list[Outcome]) -> None:
    assert [line.outcome for line in checks.judge_keys(first, earlier, keys=keys)] == outcomes
