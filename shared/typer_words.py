"""The root group of a command line: says in plain words what does not fit an argument. Nothing else of Typer's changes.

Typer lets pydantic judge arguments and prints its words, which are for programmers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from shared.plain_words import reason_of


class PlainGroup(TyperGroup):
    """To be given to the outermost `typer.Typer(cls=…)`."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Read the group's own options."""
        with _in_plain_words():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Read the commands' arguments, and run them."""
        with _in_plain_words():
            return super().invoke(ctx)


@contextmanager
def _in_plain_words() -> Iterator[None]:
    try:
        yield
    except typer.BadParameter as error:
        found = getattr(
            error.__cause__, "errors", None
        )  # pydantic itself is imported where it judges, so --help is quick
        if found is not None:
            error.message = "; ".join(reason_of(each) for each in found(include_url=False))
        raise
