"""What commands print: tables or JSON on stdout, errors on stderr, colour only on a terminal.

Every command that prints data takes `--json`; then stdout is one JSON document and nothing else.
"""

import io
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from shared.errors import UserError
from shared.table import Column, lay_out, least_width, records

out = Console(soft_wrap=True, highlight=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

_BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_BIDI], "\ufffd") | {ord("\n"): "\n", ord("\t"): "\t"}
"""What could drive the terminal, or turn the order of a line around: a site's error or a customer's message is printed
where an operator works."""

_JSON_CONTROLS = {code: f"\\u{code:04x}" for code in [*range(0x7F, 0xA0), *_BIDI]}
"""Those of them that JSON allows in clear; it escapes the others by its own rule
(https://www.rfc-editor.org/rfc/rfc8259, section 7). They only stand inside strings, where an escape means the same."""

PIPE_WIDTH = 200
"""Where no terminal says how wide it is; a table that needs more gets more."""
ASSUMED_WIDTH = 80
"""Of a terminal that does not know its own width."""


def print_json(data: Any) -> None:
    """Print one JSON document, readable by people too, and unable to drive their terminal."""
    with _writing():
        beyond_ascii = "utf" in (sys.stdout.encoding or "").lower()
        document = json.dumps(data, indent=2, ensure_ascii=not beyond_ascii).translate(_JSON_CONTROLS)
        sys.stdout.write(document + "\n")


def print_table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str, prose: Collection[str] = ()
) -> None:
    """Print `rows` under the headings of `columns` (key → heading), or the sentence `empty` when there are none.

    `prose` are the keys of columns that may be broken between words. On a terminal that is too narrow for the others,
    each row is a record of several lines.
    """
    if not rows:
        say(empty)
        return
    laid = [Column(heading, [_cell(row.get(key)) for row in rows], key in prose) for key, heading in columns.items()]
    with _writing():
        width = terminal_width() or max(PIPE_WIDTH, least_width(laid))
        for line in lay_out(laid, width):
            out.print(line)


def print_record(fields: Mapping[str, str]) -> None:
    """Print one thing in words: what it is called, and how it is."""
    laid = [Column(heading, [_cell(text)], prose=True) for heading, text in fields.items()]
    with _writing():
        for line in records(laid, terminal_width() or PIPE_WIDTH):
            out.print(line)


def say(sentence: str) -> None:
    """Print one sentence for a person."""
    with _writing():
        out.print(sentence.translate(_CONTROLS), markup=False)


def harmless(text: str) -> str:
    """Return the text without what could drive a terminal."""
    return text.translate(_CONTROLS)


def print_lines(lines: Iterable[Text]) -> None:
    """Print lines that are laid out already, of harmless text."""
    with _writing():
        for line in lines:
            out.print(line)


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


def terminal_width() -> int | None:
    """Return the width of the terminal that is printed on, in cells; None where it is none."""
    if not sys.stdout.isatty():
        return None
    asked_for = os.environ.get("COLUMNS", "")
    if asked_for.isascii() and asked_for.isdigit() and int(asked_for):
        return int(asked_for)
    return os.get_terminal_size(sys.stdout.fileno()).columns or ASSUMED_WIDTH


def _cell(value: Any) -> str:
    return "" if value is None else str(value).translate(_CONTROLS).expandtabs()
