"""`onsite check` as it is seen on a real pseudo-terminal: colours, a bar while it works, whole words at any width."""

import asyncio
import os
import re
import struct
import sys
import termios
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

import pytest

from onsite.core import checks
from shared.graph import RENEWAL_HINT
from tests.integration.onsite.site import BOT_TOKEN, PAGE_TOKEN, RunningSite

ROOT = Path(__file__).parents[4]
WIDTHS = (200, 80, 40)
GREEN_PASSED, RED_FAILED = "\x1b[32mpassed", "\x1b[1;31mfailed"
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

pytestmark = pytest.mark.usefixtures("channels")


@dataclass(frozen=True)
class Seen:
    """What a terminal got."""

    code: int
    raw: str

    @property
    def words(self) -> str:
        """All words, without what drives the terminal."""
        return " ".join(_SEQUENCE.sub("", self.raw).split())


def received(descriptor: int) -> bytes:
    """Read until nobody holds the other end any more."""
    got = bytearray()
    while True:
        try:
            got += os.read(descriptor, 65536)
        except OSError:  # EIO: how Linux says so
            return bytes(got)


async def look(*args: str, env: dict[str, str], cwd: Path, columns: int = 120) -> Seen:
    """Run `onsite check` on a terminal that is so wide."""
    ours, theirs = os.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "onsite", "check", *args),
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | env,
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    raw, code = await asyncio.gather(asyncio.to_thread(received, ours), process.wait())
    os.close(ours)
    return Seen(code, raw.decode())


async def test_what_passed_is_green_and_what_failed_is_red_with_its_remedy_below(
    environment: dict[str, str], site: RunningSite, tmp_path: Path
) -> None:
    site.graph.kill_token(PAGE_TOKEN)
    seen = await look(env=environment, cwd=tmp_path)

    assert seen.code == 1
    assert GREEN_PASSED in seen.raw
    assert RED_FAILED in seen.raw
    assert f"→ {RENEWAL_HINT}" in seen.words
    assert re.search(r"1 of \d+ checks failed", seen.words.splitlines()[-1])


async def test_a_bar_shows_how_far_it_is_and_is_gone_before_the_list(
    environment: dict[str, str], tmp_path: Path
) -> None:
    seen = await look(env=environment, cwd=tmp_path)
    bar, _, report = seen.raw.partition(GREEN_PASSED)

    assert "Checking" in bar
    assert "\x1b[2K" in bar, "its line is erased"
    assert "Checking" not in report
    assert "\x1b[?25h" in seen.raw[seen.raw.rindex("\x1b[?25l") :], "the cursor is back"


@pytest.mark.parametrize("columns", WIDTHS)
async def test_no_word_is_cut_at_any_width(
    environment: dict[str, str], site: RunningSite, tmp_path: Path, columns: int
) -> None:
    site.telegram.revoke_token(BOT_TOKEN)
    seen = await look(env=environment, cwd=tmp_path, columns=columns)
    report = _SEQUENCE.sub("", seen.raw[seen.raw.index(GREEN_PASSED) :])

    assert f"→ {checks.NEW_TOKEN}" in seen.words
    words = [line for line in report.splitlines() if str(tmp_path) not in line]
    assert max(map(len, words)) <= columns


@pytest.mark.parametrize(
    ("args", "more"),
    [
        pytest.param(["--json"], {}, id="for programs"),
        pytest.param([], {"NO_COLOR": "1"}, id="where nobody wants colours"),
    ],
)
async def test_there_is_no_colour(
    environment: dict[str, str], tmp_path: Path, args: list[str], more: dict[str, str]
) -> None:
    seen = await look(*args, env=environment | more, cwd=tmp_path)

    assert "passed" in seen.words
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", seen.raw)


async def test_json_on_a_terminal_is_one_document_and_no_bar(environment: dict[str, str], tmp_path: Path) -> None:
    seen = await look("--json", env=environment, cwd=tmp_path)

    assert seen.raw.startswith("{")
    assert "Checking" not in seen.raw
