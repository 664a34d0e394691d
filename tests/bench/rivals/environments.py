"""An environment for each rival, as their needs contradict ours: arq wants a redis-py that is three years old.

Each has its rival's own packages, pinned, on top of ours: the same aiohttp, uvloop, hiredis and msgspec for everybody.
Ours is never changed. Made once, below `build/bench`, and made anew when the pinned versions change.
"""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.bench.children import environment

REQUIREMENTS = Path(__file__).parent / "requirements"
INSTALL_TIMEOUT_S = 300
_DONE = "installed.txt"
_WORDS_SHOWN = 200


class RivalMissing(Exception):
    """The rival cannot be installed here, most likely for want of a network; the message says why."""


def python_for(rival: str, folder: Path) -> Path:
    """Return the Python that can run a rival, after installing what it needs. Raises RivalMissing."""
    wanted = (REQUIREMENTS / f"{rival}.txt").read_text("utf-8")
    home = folder / rival
    python = home / "bin" / "python"
    done = home / _DONE
    if not done.exists() or done.read_text("utf-8") != wanted:
        _make(home)
        _install(python, REQUIREMENTS / f"{rival}.txt")
        done.write_text(wanted, "utf-8")
    return python


def _make(home: Path) -> None:
    venv.EnvBuilder(clear=True, with_pip=False).create(home)
    paths = {"base": str(home), "platbase": str(home)}
    packages = Path(sysconfig.get_path("purelib", "venv", paths))
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")


def _install(python: Path, requirements: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    command += ["install", "--no-deps", "--requirement", str(requirements)]
    try:
        subprocess.run(
            command,
            env=environment({}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise RivalMissing(f"pip did not end within {INSTALL_TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as error:
        errors = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
        raise RivalMissing((errors or ["pip failed"])[0][:_WORDS_SHOWN]) from None
