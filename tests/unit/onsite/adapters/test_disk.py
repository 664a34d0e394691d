"""Whether a folder can be written, and which disk a path is on."""

import errno
import os
from pathlib import Path

import pytest

from onsite.adapters import disk


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    assert disk.why_not_writable(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "words"), [pytest.param("none", "No such file", id="no folder"), pytest.param("file", "", id="a file")]
)
def test_what_is_no_folder_cannot_be_written(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "file").touch()
    reason = disk.why_not_writable(tmp_path / path)

    assert reason
    assert words in reason


def test_a_full_disk_is_found_by_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    assert disk.why_not_writable(tmp_path) == "No space left on device"


def test_a_path_is_on_the_disk_to_which_its_links_lead(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to("/proc/nowhere/onsite.db")

    assert disk.device_and_free_bytes(link)[0] == Path("/proc").stat().st_dev
    assert disk.device_and_free_bytes(tmp_path / "not" / "there")[0] == tmp_path.stat().st_dev


def test_files_that_this_user_cannot_use_are_named_and_missing_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.touch()
    theirs.touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != theirs)

    assert disk.unusable([ours, theirs, tmp_path / "missing"]) == [theirs]
