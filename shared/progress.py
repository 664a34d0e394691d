"""How far long work is, for a person who waits at a terminal. Nothing is shown to anybody else.

It goes to stderr and is gone when the work ends, so that what a command prints stays what it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.console import err

Advance = Callable[[int], None]
"""Told how much was done since it was told last."""


@contextmanager
def progress(label: str, *, total: int, hidden: bool = False) -> Iterator[Advance]:
    """Show a bar meanwhile, from 0 to `total`; hidden, or without a terminal, show nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=hidden or not err.is_terminal) as bar:
        task = bar.add_task(label, total=total)

        def advance(done: int) -> None:
            bar.advance(task, done)

        yield advance
