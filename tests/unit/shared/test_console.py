"""What commands print, and how they end."""

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
import typer

from shared.console import print_json, print_table, run_app, say, warn
from shared.errors import SettingsError, UserError

Capture = pytest.CaptureFixture[str]
COLUMNS = {"name": "NAME", "text": "TEXT"}


class TestTables:
    def test_rows_stand_under_their_headings(self, capsys: Capture) -> None:
        print_table([{"name": "acme", "text": 17, "other": "unseen"}, {"name": None}], COLUMNS, empty="none")

        assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["NAME", "TEXT"], ["acme", "17"], []]

    def test_without_rows_there_is_a_sentence(self, capsys: Capture) -> None:
        print_table([], COLUMNS, empty="No site yet; `relay site add NAME URL` registers [one].")

        assert capsys.readouterr().out == "No site yet; `relay site add NAME URL` registers [one].\n"

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("[bold]x[/bold] [/] [red", id="markup"),
            pytest.param(":x: :smile: 2001:db8:a:b::7", id="names of emoji"),
            pytest.param("\u00e4 \U0001f600 \u4f60\u597d", id="other scripts"),
            pytest.param("back\\slash \\[x]", id="backslashes"),
        ],
    )
    def test_a_text_is_shown_as_it_is(self, capsys: Capture, text: str) -> None:
        print_table([{"name": "a", "text": text}], COLUMNS, empty="")
        say(text)

        table, sentence = capsys.readouterr().out.split("\n", 1)[1].rstrip("\n").split("\n")
        assert table.removeprefix("a").strip() == text
        assert sentence == text

    def test_a_text_cannot_drive_the_terminal(self, capsys: Capture) -> None:
        # A site's error or a customer's message is printed where an operator works.
        hostile = "\x1b]0;title\x07\x1b[2J\x9b31m\x08\x7fend"
        print_table([{"name": "a", "text": hostile}], COLUMNS, empty="")
        say(hostile)

        printed = capsys.readouterr().out
        assert "end" in printed
        assert not set(printed) & {"\x1b", "\x07", "\x08", "\x7f", "\x9b"}

    @pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c"], ids=ascii)
    def test_a_text_cannot_turn_the_order_of_a_line_around(self, capsys: Capture, mark: str) -> None:
        print_table([{"name": "a", "text": f"pay{mark}on"}], COLUMNS, empty="")
        say(f"pay{mark}on")

        assert capsys.readouterr().out.count("pay\ufffdon") == 2

    def test_times_and_numbers_are_never_broken(self, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        row = {"id": 1234, "at": "2026-11-22T18:39:39.808Z", "text": "word " * 40}
        print_table([row, {"text": "x"}], {"id": "ID", "at": "SENT", "text": "TEXT"}, empty="")

        printed = capsys.readouterr().out
        assert "1234" in printed
        assert "2026-11-22T18:39:39.808Z" in printed
        assert printed.count("word") == 40

    def test_a_long_line_is_not_broken_where_nobody_looks_at_it(self, capsys: Capture) -> None:
        say("word " * 100)

        assert capsys.readouterr().out.count("\n") == 1


def test_a_warning_does_not_mix_with_what_is_printed(capsys: Capture) -> None:
    warn("the name \x1b[2J leads to [red]10.1.2.3")
    printed = capsys.readouterr()

    assert printed.out == ""
    assert printed.err == "warning: the name \ufffd[2J leads to [red]10.1.2.3\n"


def test_json_is_one_document_with_text_in_clear(capsys: Capture) -> None:
    data = {"name": "\u00e4", "list": [1, None, True]}
    print_json(data)
    printed = capsys.readouterr().out

    assert json.loads(printed) == data
    assert "\u00e4" in printed


def test_json_cannot_drive_the_terminal_and_loses_nothing(capsys: Capture) -> None:
    controls = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066]))
    data = {f"key{controls}": f"before{controls}after"}
    print_json(data)
    printed = capsys.readouterr().out

    assert json.loads(printed) == data
    assert set(printed) & set(controls) == {"\n"}
    assert "\\u009b" in printed


def app_that(act: Any) -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.command()
    def one(number: int = 1) -> None:
        act(number)

    @app.command()
    def two() -> None:
        pass

    return app


def raises(error: BaseException) -> Any:
    def act(_number: int) -> None:
        raise error

    return act


class TestRunApp:
    def run(self, monkeypatch: pytest.MonkeyPatch, act: Any, *args: str) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["demo", *args])
        with pytest.raises(SystemExit) as ended:
            run_app(app_that(act), "demo")
        return ended.value.code

    @pytest.mark.parametrize(
        ("error", "code", "printed"),
        [
            (UserError("the relay [does] not answer"), 1, "demo: the relay [does] not answer\n"),
            (SettingsError(["A: missing"]), 2, "demo: 1 setting needs attention:\n  - A: missing\n"),
        ],
        ids=["a mistake", "settings"],
    )
    def test_a_persons_mistake_ends_in_its_sentence(
        self, monkeypatch: pytest.MonkeyPatch, capsys: Capture, error: UserError, code: int, printed: str
    ) -> None:
        assert self.run(monkeypatch, raises(error), "one") == code
        assert capsys.readouterr() == ("", printed)

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["three"], "No such command"),
            (["one", "--colour"], "No such option"),
            (["one", "--number", "x"], "--number"),
            (["one", "extra"], "extra"),
            ([], ""),
        ],
        ids=["unknown command", "unknown option", "a bad value", "too many arguments", "nothing"],
    )
    def test_a_command_line_that_does_not_fit_is_said_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: Capture, args: list[str], words: str
    ) -> None:
        assert self.run(monkeypatch, lambda _: None, *args) == 2
        out, err = capsys.readouterr()
        assert words in err
        assert "Traceback" not in out + err

    def test_ctrl_c_ends_in_130_without_a_traceback(self, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
        assert self.run(monkeypatch, raises(KeyboardInterrupt()), "one") == 130
        assert "Traceback" not in capsys.readouterr().err

    def test_success_and_help_end_in_0(self, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
        assert not self.run(monkeypatch, lambda _: None, "one")
        assert not self.run(monkeypatch, lambda _: None, "--help")
        assert "Usage" in capsys.readouterr().out

    def test_a_fault_of_ours_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["demo", "one"])
        with pytest.raises(ZeroDivisionError):
            run_app(app_that(raises(ZeroDivisionError())), "demo")


MANY_LINES = """
import sys, typer
from shared.console import run_app, say
app = typer.Typer()
@app.command()
def lines() -> None:
    for number in range(100_000):
        say(f"line {number}")
sys.argv = ["demo"]
run_app(app, "demo")
"""


def test_a_reader_who_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-c", MANY_LINES]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


PRINTS = """
import sys
import typer
from shared.console import print_json, print_table, run_app, say, warn
app = typer.Typer()
@app.command()
def one(how: str) -> None:
    words = "\\U0001f600"
    {"say": say, "json": print_json, "table": lambda text: print_table([{"a": text}], {"a": "A"}, empty="")}[how](words)
run_app(app, "demo")
"""

HOW = pytest.mark.parametrize("how", ["say", "json", "table"])


@HOW
def test_a_terminal_that_knows_no_emoji_shows_an_escape(how: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PRINTS, how],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    if how == "json":
        assert json.loads(ended.stdout) == "\U0001f600"
    else:
        assert r"\U0001f600" in ended.stdout


@HOW
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_that_cannot_be_written_is_a_sentence(how: str) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", PRINTS, how], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (ended.returncode, ended.stderr) == (1, "demo: the output cannot be written: No space left on device\n")


def test_commands_need_no_library_beyond_what_the_package_names() -> None:
    # Typer once brought Click along, and does not any more.
    used = "import sys, shared.console; print('click' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", used], capture_output=True, text=True, check=True).stdout == "False\n"


ROW = {"name": "page 112233445566 (unclaimed)", "text": "2026-11-22T10:20:00.123Z"}


class TestNarrowTerminals:
    def on_terminal(self, columns: int) -> str:
        """Print the row on a real terminal of so many columns, and return what it showed."""
        program = f"from shared.console import print_table; print_table([{ROW!r}] * 2, {COLUMNS!r}, empty='')"
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        with subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=env | {"TERM": "xterm"}) as process:
            os.close(theirs)
            shown = b""
            with contextlib.suppress(OSError):  # how Linux tells that nobody writes any more
                while part := os.read(ours, 4096):
                    shown += part
            os.close(ours)
        assert process.returncode == 0
        return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "")

    def test_a_table_that_fits_is_one(self) -> None:
        heading, first, second, _ = self.on_terminal(80).split("\n")

        assert heading.split() == ["NAME", "TEXT"]
        assert first.rstrip() == second.rstrip() == "page 112233445566 (unclaimed)  2026-11-22T10:20:00.123Z"

    def test_one_that_does_not_fit_becomes_a_block_for_each_row(self) -> None:
        block = "NAME  page 112233445566 (unclaimed)\nTEXT  2026-11-22T10:20:00.123Z\n"

        assert self.on_terminal(40) == block + "\n" + block

    @pytest.mark.parametrize("columns", [200, 80, 60, 40, 20])
    def test_nothing_is_lost_at_any_width(self, columns: int) -> None:
        shown = self.on_terminal(columns).replace("\n", "")

        assert shown.count(ROW["name"]) == shown.count(ROW["text"]) == 2


class TestWhatIsNoText:
    def run(self, *arguments: bytes, **options: Any) -> subprocess.CompletedProcess[bytes]:
        program = (
            "import typer; from shared.console import print_json, run_app\n"
            "app = typer.Typer()\n"
            "@app.command()\n"
            "def echo(word: str = '') -> None: print_json({'word': word})\n"
            "run_app(app, 'echo')"
        )
        return subprocess.run(
            [sys.executable, "-c", program, *arguments], stderr=subprocess.PIPE, check=False, timeout=60, **options
        )

    def test_an_argument_of_other_bytes_is_a_sentence(self) -> None:
        ended = self.run(b"--word", b"caf\xe9", stdout=subprocess.PIPE)

        assert (ended.returncode, ended.stdout) == (1, b"")
        assert ended.stderr == b"echo: argument 2 is no text in UTF-8: 'caf\\udce9'\n"

    def test_a_closed_output_is_a_sentence(self) -> None:
        ended = self.run(preexec_fn=lambda: os.close(1))

        assert (ended.returncode, ended.stderr) == (
            1,
            b"echo: the output cannot be written: there is no standard output\n",
        )
