"""The command line teaches itself, and answers quickly."""

import itertools
import subprocess
import sys
from importlib import metadata

import pytest
import typer
from typer.testing import CliRunner

from onsite.cli.app import app

runner = CliRunner()

COMMANDS = [
    ["run"],
    ["backfill"],
    ["channel"],
    ["channel", "add"],
    ["channel", "add", "facebook"],
    ["channel", "add", "telegram"],
    ["channel", "list"],
    ["channel", "show"],
    ["channel", "remove"],
    ["connect"],
    ["conversations"],
    ["media"],
    ["media", "list"],
    ["media", "retry"],
    ["messages"],
    ["quarantine"],
    ["quarantine", "list"],
    ["quarantine", "show"],
    ["quarantine", "retry"],
    ["reply"],
    ["settle"],
    ["disconnect"],
    ["close"],
    ["reopen"],
    ["status"],
    ["check"],
    ["new-master-key"],
    ["rotate-master-key"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = runner.invoke(app, [*command, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if each[0] in {"conversations", "messages", "reply", "settle"}], ids=" ".join
)
def test_commands_show_an_example(command: list[str]) -> None:
    assert f"onsite {' '.join(command)}" in runner.invoke(app, [*command, "--help"]).output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_example_stands_on_lines_of_its_own(command: list[str]) -> None:
    lines = runner.invoke(app, [*command, "--help"], env={"COLUMNS": "60"}).output.splitlines()
    for number, line in enumerate(lines):
        if line.strip() in {"Example:", "Examples:"}:
            examples = list(itertools.takewhile(str.strip, lines[number + 1 :]))
            assert examples
            assert any(example.strip().startswith(f"onsite {' '.join(command)}") for example in examples)
            assert all(example.strip().startswith("onsite ") for example in examples)
        else:
            assert "Example" not in line


def test_every_command_is_in_the_list_above() -> None:
    def names(group: typer.Typer, before: list[str]) -> list[list[str]]:
        own = [
            [*before, command.name or command.callback.__name__]
            for command in group.registered_commands
            if command.callback
        ]
        for sub in group.registered_groups:
            assert sub.name is not None
            assert sub.typer_instance is not None
            own += [[*before, sub.name], *names(sub.typer_instance, [*before, sub.name])]
        return own

    assert sorted(names(app, [])) == sorted(COMMANDS)


def test_the_command_tells_its_version() -> None:
    result = runner.invoke(app, ["--version"])

    assert (result.exit_code, result.output) == (0, f"onsite {metadata.version('social-relay')}\n")


def test_help_loads_neither_the_database_nor_the_web() -> None:
    script = (
        "import sys; from onsite.cli.app import app\n"
        "heavy = {'sqlalchemy', 'alembic', 'aiohttp', 'cryptography', 'requests', 'pydantic'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout.strip()) == (0, "")


def test_no_command_takes_a_token_as_an_argument() -> None:
    for command in (["channel", "add", "facebook"], ["channel", "add", "telegram"]):
        assert "--token " not in runner.invoke(app, [*command, "--help"]).output


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param(["settle", "2", "foo"], "'foo' is not one of 'sent', 'failed'", id="none of the words"),
        pytest.param(["settle", "two", "sent"], "not a whole number", id="no number"),
        pytest.param(["conversations", "--limit", "900"], "must be 200 or less", id="too many"),
    ],
)
def test_an_argument_that_does_not_fit_is_told_in_plain_words(command: list[str], words: str) -> None:
    result = runner.invoke(app, command)

    assert result.exit_code == 2
    assert words in result.output
    assert "Value error" not in result.output
    assert "Input should" not in result.output


@pytest.mark.parametrize("group", [[], ["channel"], ["channel", "add"]], ids=" ".join)
def test_no_sentence_of_the_list_of_commands_is_cut_at_80_columns(group: list[str]) -> None:
    printed = runner.invoke(app, [*group, "--help"], env={"COLUMNS": "80"}).output
    listed = printed.split("Commands:")[1].split("\n")

    assert listed
    assert not [line for line in listed if line.endswith("...")]
