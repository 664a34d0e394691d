"""A real PostgreSQL of the tests' own: on a Unix socket, with its files in a folder that goes with it.

The server is the one inside the package `pgserver`, else whichever this machine has. It refuses to run as root, so root
starts it as `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from pydantic import SecretStr

from relay.adapters import child_process
from tests.support.waiting import process_did

TEMPLATE = "empty"
"""The database of which the others are copies."""

_OPTIONS = ("-h", "", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=60")
"""No network; and quick, as no power cut is to be survived."""
_UNPRIVILEGED = "nobody"

_numbers = count()


class Postgres:
    """One server; `with` starts and ends it."""

    def __init__(self, programs: Path) -> None:
        """`programs` is the folder of `initdb` and `postgres`."""
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it. Raises CalledProcessError or TimeoutError when it does not."""
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam(_UNPRIVILEGED).pw_uid, -1)
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
        command = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), *options]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **_as_somebody())
        # What the kernel means by a parent is the thread: what another one starts would end with that thread.
        die_with_us = threading.current_thread() is threading.main_thread()
        with (self.folder / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *_OPTIONS],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=child_process._die_with_parent() if die_with_us else None,  # noqa: PLW1509  a prctl alone
                **_as_somebody(),
            )
        process_did(self._serves)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it, whoever is connected, and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.folder)

    def create(self, name: str = TEMPLATE, *, template: str = "template1") -> SecretStr:
        """Make a database, and return its address as `ONSITE_DATABASE_URL` has it."""
        with self._connect() as connection:
            of = sql.Identifier(name), sql.Identifier(template)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*of))
        return SecretStr(f"postgresql+psycopg://postgres@/{name}?host={self.folder}")

    def copy(self) -> SecretStr:
        """Make a copy of the template, to which nobody may be connected meanwhile."""
        return self.create(f"test_{next(_numbers)}", template=TEMPLATE)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True)

    def _serves(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


def find_postgres() -> Path | None:
    """Return the folder of the server's programs, as far as whoever is to run them can; None where there is none."""
    return next((folder for folder in _folders() if _runs(folder / "postgres")), None)


def _folders() -> Iterator[Path]:
    package = find_spec("pgserver")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "pginstall/bin"
    if (program := shutil.which("postgres")) is not None:
        yield Path(program).resolve().parent
    # Debian keeps it off the PATH, a folder for each release.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _runs(program: Path) -> bool:
    try:
        subprocess.run([str(program), "--version"], check=True, capture_output=True, cwd="/", **_as_somebody())
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _as_somebody() -> dict[str, Any]:
    return {"user": _UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
