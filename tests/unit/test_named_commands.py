"""Every command that a sentence, a help text or a document names is one that exists, with the options that it names."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from onsite.cli.app import app as onsite_app
from onsite.core import checks
from onsite.engine import attempts, backfills, channels
from relay.cli.app import app as relay_app
from shared.graph import RENEWAL_HINT

ROOT = Path(__file__).parents[2]
GLOBS = [
    "relay/**/*.py",
    "relay/**/*.html",
    "onsite/**/*.py",
    "shared/**/*.py",
    "*.md",
    "docs/**/*.md",
    "deploy/**/*.*",
]
PROGRAMS: dict[str, Any] = {
    "relay": typer.main.get_command(relay_app),
    "onsite": typer.main.get_command(onsite_app),
}
NAMED = re.compile(r"(?:`|^ *)((?:relay|onsite) [a-z-]+[^`\n]*)", re.MULTILINE)
"""In backticks, or alone on a line, as examples are."""
WORD = re.compile(r"[a-z][a-z-]*")


def unknown_in(command: str) -> str:
    """Return the first word that is no command, or the first that is no option of it; empty where all is known."""
    program, *words = command.split()
    found = PROGRAMS[program]
    while words and hasattr(found, "commands"):
        word = words.pop(0)
        if not WORD.fullmatch(word):
            return ""
        if word not in found.commands:
            return word
        found = found.commands[word]
    known = {option for parameter in found.params for option in parameter.opts}
    return next((word for word in words if word.startswith("--") and word.strip(",.;") not in known), "")


@pytest.mark.parametrize("glob", GLOBS)
def test_whatever_names_a_command_names_one_that_exists(glob: str) -> None:
    files = list(ROOT.glob(glob))
    unknown = {
        (str(file.relative_to(ROOT)), command, word)
        for file in files
        for command in NAMED.findall(file.read_text())
        if (word := unknown_in(command))
    }

    assert files
    assert unknown == set()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("do it with `relay site ad`", ["ad"], id="no command"),
        pytest.param("do it with `onsite channel add page`", ["page"], id="no command of a command"),
        pytest.param("    relay bind 1122 acme --force", ["--force"], id="no option, in an example"),
        pytest.param("`relay bind PAGE {site} --move`, `relay site …`", ["", ""], id="all is known"),
    ],
)
def test_what_does_not_exist_is_found(text: str, unknown: list[str]) -> None:
    assert [unknown_in(command) for command in NAMED.findall(text)] == unknown


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(attempts.NO_TOKEN.sentence, id="a reply"),
        pytest.param(channels.UNARMED, id="a channel"),
        pytest.param(backfills.NO_TOKEN, id="a gap"),
        pytest.param(checks.CONNECT, id="the check of a channel"),
        pytest.param(checks.NO_CHANNEL, id="the check of a site without channels"),
        pytest.param(RENEWAL_HINT, id="a token that died"),
    ],
)
def test_a_page_without_a_token_is_mended_by_connecting_it_and_without_a_relay_by_a_token(sentence: str) -> None:
    assert "`onsite connect`" in sentence
    assert "`onsite channel add facebook" in sentence
