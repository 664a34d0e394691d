"""A token comes from a file, a pipe, the environment or a prompt, in this order."""

import io
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.secret_input import read_secret


class Terminal(io.StringIO):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def input_(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("piped\nsecond line\n"))
    monkeypatch.delenv("THE_TOKEN", raising=False)


def read(file: Path | None = None) -> str:
    return read_secret("Bot token", file=file, variable="THE_TOKEN")


def test_a_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", "environment")
    (tmp_path / "token").write_text("  file \n")

    assert read(tmp_path / "token") == "file"


def test_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", "environment")

    assert read() == "environment"


def test_then_the_first_line_that_is_piped_in() -> None:
    assert read() == "piped"


def test_a_person_is_asked_without_showing_what_they_type(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "typed"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", answer)

    assert read() == "typed"
    assert asked == ["Bot token (not shown): "]


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_is_refused_with_the_ways_to_give_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    with pytest.raises(UserError, match="name a file, pipe it in, or set THE_TOKEN"):
        read()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing\.txt cannot be read"):
        read(tmp_path / "missing.txt")


def test_a_file_that_is_no_text_is_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"secret\xff\xfe")

    with pytest.raises(UserError, match="cannot be read") as caught:
        read(tmp_path / "binary")
    assert "secret" not in str(caught.value)
