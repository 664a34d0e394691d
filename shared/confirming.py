"""Asking a person before what cannot be undone."""

import sys
from typing import Annotated

import typer

from shared.errors import UserError

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class NotConfirmed(UserError):
    """Nobody is there to be asked."""

    exit_code = 2


def confirm(question: str, *, otherwise: str) -> None:
    """Ask, and abort on anything but yes. Raises NotConfirmed where nobody is there.

    `otherwise` says what to do then.
    """
    if not sys.stdin.isatty():
        raise NotConfirmed(f"nobody is here to be asked: {otherwise}")
    typer.confirm(question, abort=True)
