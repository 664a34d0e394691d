"""How a token gets in without standing on a command line, where every user of the machine could read it."""

import getpass
import os
import sys
from pathlib import Path

from shared.errors import UserError


def read_secret(what: str, *, file: Path | None, variable: str) -> str:
    """Read a secret from a file, from what is piped in, from the environment, or from a prompt that shows nothing.

    Raises UserError when there is none.
    """
    if file is not None:
        text = _read_file(file)
    elif variable in os.environ:
        text = os.environ[variable]
    elif not sys.stdin.isatty():
        text = sys.stdin.readline()
    else:
        text = getpass.getpass(f"{what} (not shown): ")
    if not text.strip():
        raise UserError(f"no {what.lower()} was given: name a file, pipe it in, or set {variable}")
    return text.strip()


def _read_file(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UserError(f"{file} cannot be read: {error}") from None
