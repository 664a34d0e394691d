"""What commands print: tables or JSON on stdout, errors on stderr, colour only on a terminal.

Every command that prints data takes `--json`; then stdout is one JSON document and nothing else.
"""

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.errors import UserError

out = Console(soft_wrap=True, highlight=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

_BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_BIDI], "\ufffd") | {ord("\n"): "\n", ord("\t"): "\t"}
"""What could drive the terminal, or turn the order of a line around: a site's error or a customer's message is printed
where an operator works."""

_JSON_CONTROLS = {code: f"\\u{code:04x}" for code in [*range(0x7F, 0xA0), *_BIDI]}
"""Those of them that JSON allows in clear; it escapes the others by its own rule
(https://www.rfc-editor.org/rfc/rfc8259, section 7). They only stand inside strings, where an escape means the same."""

_ANY_WIDTH = 10_000
"""Wider than any table, so that it can be as wide as it wants."""

_UNBROKEN = re.compile(r"[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?")
"""Numbers, ids and times: in two lines they are read wrongly."""


def print_json(data: Any) -> None:
    """Print one JSON document, readable by people too, and unable to drive their terminal."""
    with _writing():
        beyond_ascii = "utf" in (sys.stdout.encoding or "").lower()
        document = json.dumps(data, indent=2, ensure_ascii=not beyond_ascii).translate(_JSON_CONTROLS)
        sys.stdout.write(document + "\n")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """Print `rows` under the headings of `columns` (key → heading), or the sentence `empty` when there are none.

    On a terminal that is too narrow for that, each row becomes a block with a line for each column: a table whose names
    are broken into letters can be read by nobody.
    """
    if not rows:
        say(empty)
        return
    table = _table(rows, columns)
    width = _terminal_width()
    if width is not None and _natural_width(table) > width:
        _print_blocks(rows, columns)
        return
    with _writing():
        Console(highlight=False, emoji=False, width=width or 200).print(table)


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key, heading in columns.items():
        table.add_column(heading, overflow="fold", no_wrap=_stays_whole(row.get(key) for row in rows))
    for row in rows:
        table.add_row(*(_cell(row.get(key)) for key in columns))
    return table


def _terminal_width() -> int | None:
    """Return the columns of the terminal; None where nobody looks at one."""
    return Console().width if sys.stdout is not None and sys.stdout.isatty() else None


def _natural_width(table: Table) -> int:
    return Console(width=_ANY_WIDTH).measure(table).maximum


def _print_blocks(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    indent = max(map(len, columns.values())) + 2
    blocks = (
        "\n".join(f"{heading:<{indent}}{_plain(row.get(key))}".rstrip() for key, heading in columns.items())
        for row in rows
    )
    say("\n\n".join(blocks))


def say(sentence: str) -> None:
    """Print one sentence for a person."""
    with _writing():
        out.print(sentence.translate(_CONTROLS), markup=False)


def clear() -> None:
    """Begin a new screen, on a terminal."""
    out.clear()


def warn(sentence: str) -> None:
    """Print one sentence for a person where it does not mix with data: on stderr."""
    err.print(f"warning: {sentence}".translate(_CONTROLS), markup=False, style="yellow")


def run_app(app: typer.Typer, name: str) -> None:
    """Run a command line and exit; a person's mistake ends in its sentence and its exit code, without a traceback."""
    _print_anything()
    try:
        _refuse_bytes(sys.argv[1:])
        app(prog_name=name)
    except UserError as error:
        err.print(f"{name}: {error}".translate(_CONTROLS), markup=False)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; Python would complain about the rest of it
        sys.exit(0)


def _print_anything() -> None:
    """Write what the terminal's encoding cannot as an escape, rather than fail over a customer's emoji."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refuse_bytes(arguments: Sequence[str]) -> None:
    """Raise UserError for an argument that is no text: Python stands surrogates in for its bytes (PEP 383)."""
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UserError(f"argument {number} is no text in UTF-8: {argument!a}") from None


@contextmanager
def _writing() -> Iterator[None]:
    """Flush what is printed meanwhile. Raises UserError when it cannot be written."""
    if sys.stdout is None:  # type: ignore[redundant-expr,unused-ignore]  # what Python makes of a closed descriptor
        raise UserError("the output cannot be written: there is no standard output")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would try again at its end, and complain in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UserError(f"the output cannot be written: {error.strerror}") from None


def _stays_whole(values: Iterable[Any]) -> bool:
    return all(value is None or _UNBROKEN.fullmatch(str(value)) for value in values)


def _cell(value: Any) -> str:
    return escape(_plain(value))


def _plain(value: Any) -> str:
    return "" if value is None else str(value).translate(_CONTROLS)
