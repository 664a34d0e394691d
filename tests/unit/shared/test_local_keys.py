"""Secrets that a half makes for itself: made once, whoever comes first, and readable by their owner only."""

import multiprocessing
import os
import stat
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.errors import UserError
from shared.local_keys import load, load_if_there, load_or_create


def test_the_first_call_makes_the_secret_and_later_ones_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "key"

    assert load_or_create(path, lambda: SecretStr("made")) == SecretStr("made")
    assert load_or_create(path, lambda: SecretStr("another")) == SecretStr("made")
    assert load(path) == SecretStr("made")
    assert [file.name for file in path.parent.iterdir()] == ["key"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key"
    umask = os.umask(0)
    try:
        load_or_create(path, lambda: SecretStr("made"))
    finally:
        os.umask(umask)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _create_at_once(path: Path, name: str, barrier: Barrier) -> None:
    barrier.wait()
    load_or_create(path, lambda: SecretStr(name))


def test_of_two_processes_that_start_at_once_one_makes_the_secret(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    path = tmp_path / "key"
    both = [context.Process(target=_create_at_once, args=(path, name, barrier)) for name in ("one", "two")]
    for process in both:
        process.start()
    for process in both:
        process.join()

    assert [process.exitcode for process in both] == [0, 0]
    assert load(path).get_secret_value() in {"one", "two"}
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_a_secret_that_another_process_made_meanwhile_wins(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def make_too_late() -> SecretStr:
        path.write_text("theirs\n")
        return SecretStr("ours")

    assert load_or_create(path, make_too_late) == SecretStr("theirs")


@pytest.mark.parametrize("content", ["", "  \n"])
def test_an_empty_file_is_a_mistake_that_says_what_to_do(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)

    with pytest.raises(UserError, match="is empty; restore it"):
        load_or_create(path, lambda: SecretStr("made"))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"key cannot be read \(No such file or directory\)"):
        load(tmp_path / "key")


def test_a_file_that_is_no_text_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(UserError, match="cannot be read"):
        load(path)


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", read_only)

    with pytest.raises(UserError, match=r"key cannot be written \(Read-only file system\)"):
        load_or_create(tmp_path / "key", lambda: SecretStr("made"))


def test_a_file_system_without_links_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)

    with pytest.raises(UserError, match=r"key cannot be written \(Operation not permitted\)"):
        load_or_create(tmp_path / "key", lambda: SecretStr("made"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["key", "folder/key", "a-file/key"])
def test_where_no_file_is_there_is_no_secret(tmp_path: Path, path: str) -> None:
    (tmp_path / "a-file").touch()

    assert load_if_there(tmp_path / path) is None


def test_a_file_that_is_there_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("made\n")

    assert load_if_there(tmp_path / "key") == SecretStr("made")


@pytest.mark.parametrize("method", ["stat", "read_text"], ids=["a folder of another user", "a file of another user"])
def test_what_belongs_to_another_user_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "key").write_text("made\n")
    monkeypatch.setattr(Path, method, denied)  # root, as whom tests may run, is denied nothing

    with pytest.raises(UserError, match=r"key cannot be read by this user: run .*, or with sudo"):
        load_if_there(tmp_path / "key")
