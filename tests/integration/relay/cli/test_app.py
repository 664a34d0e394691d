"""The command line as a whole: its help is the manual, and every command has a place in it."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest
import typer

from relay.cli.app import app
from shared.vault import is_master_key
from tests.support.commands import Ended

Run = Callable[..., Ended]

COMMANDS = [
    ["run"],
    ["serve"],
    ["worker"],
    ["site", "add"],
    ["site", "check"],
    ["site", "change"],
    ["site", "list"],
    ["site", "show"],
    ["site", "pause"],
    ["site", "resume"],
    ["site", "rotate-secret"],
    ["site", "remove"],
    ["outbox", "list"],
    ["outbox", "show"],
    ["outbox", "drop"],
    ["outbox", "replay"],
    ["outbox", "set-aside"],
    ["bind"],
    ["unbind"],
    ["bindings"],
    ["connect"],
    ["status"],
    ["check"],
    ["rotate-master-key"],
    ["new-master-key"],
]

NO_DATA = {"run", "serve", "worker", "new-master-key"}


def test_these_are_all_commands() -> None:
    found = typer.main.get_command(app)
    top = getattr(found, "commands", {})
    groups = {name: getattr(command, "commands", {}) for name, command in top.items()}
    names = [[name, *inner] for name, group in groups.items() for inner in ([[each] for each in group] or [[]])]

    assert sorted(names) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(run: Run, command: list[str]) -> None:
    ended = run(*command, "--help")

    assert ended.code == 0
    assert f"relay {' '.join(command)}" in ended.out
    assert len(ended.out.split()) > 12


@pytest.mark.parametrize("command", [each for each in COMMANDS if each[0] not in NO_DATA], ids=" ".join)
def test_every_command_that_prints_data_takes_json(run: Run, command: list[str]) -> None:
    assert "--json" in run(*command, "--help").out


def test_help_loads_nothing_that_only_a_running_command_needs() -> None:
    script = (
        "import sys; from relay.cli.app import app\n"
        "heavy = {'aiohttp', 'cryptography', 'jinja2', 'pydantic', 'redis', 'requests', 'rq'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout.strip()) == (0, "")


def test_it_tells_its_version(run: Run) -> None:
    ended = run("--version")

    assert (ended.code, ended.err) == (0, "")
    assert re.fullmatch(r"relay \d+\.\d+\.\d+\S*\n", ended.out)


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    ended = run()

    assert ended.code == 2
    assert "relay run" in ended.out + ended.err


def test_a_new_master_key_is_usable_and_alone_on_its_line(run: Run) -> None:
    first, second = run("new-master-key"), run("new-master-key")

    assert is_master_key(first.out.strip())
    assert first.out.count("\n") == 1
    assert first.out != second.out


@pytest.mark.parametrize("group", [[], ["site"], ["outbox"]], ids=" ".join)
def test_no_sentence_of_the_list_of_commands_is_cut_at_80_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, group: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = run(*group, "--help").out.split("Commands:")[1].split("\n")

    assert listed
    assert not [line for line in listed if line.endswith("...")]
