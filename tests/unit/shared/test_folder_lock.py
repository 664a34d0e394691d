"""One process for each data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.folder_lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from shared.folder_lock import FolderLock
with FolderLock(Path(sys.argv[1]), owner="relay run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_holds_the_folder_and_what_to_do(tmp_path: Path) -> None:
    with (
        FolderLock(tmp_path / "data", owner="relay run"),
        pytest.raises(UserError, match=r"in use by another `relay run`: stop that one, or .* --data-dir"),
        FolderLock(tmp_path / "data", owner="relay run"),
    ):
        pytest.fail("two hold the same folder")


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, owner="relay run")
    for _ in range(2):
        with lock:
            pass
    with FolderLock(tmp_path, owner="relay run"):
        pass


def test_the_folder_is_given_back_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), FolderLock(tmp_path, owner="relay run"):
        _ = 1 / 0
    with FolderLock(tmp_path, owner="relay run"):
        pass


def test_a_killed_holder_leaves_the_folder_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="in use"), FolderLock(tmp_path, owner="relay run"):
            pass
        holder.kill()
    with FolderLock(tmp_path, owner="relay run"):
        pass


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(UserError, match=r"data folder .*file/data cannot be used: Not a directory"),
        FolderLock(tmp_path / "file" / "data", owner="relay run"),
    ):
        pass
