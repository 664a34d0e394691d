"""What commands print: tables or JSON on stdout, errors on stderr, colour only on a terminal.

Every command that prints data takes `--json`; then stdout is one JSON document and nothing else.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.errors import UserError

out = Console(soft_wrap=True, highlight=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\ufffd") | {ord("\n"): "\n", ord("\t"): "\t"}
"""What could drive the terminal: a site's error or a customer's message is printed where an operator works."""


def print_json(data: Any) -> None:
    """Print one JSON document, readable by people too."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """Print `rows` under the headings of `columns` (key → heading), or the sentence `empty` when there are none."""
    if not rows:
        out.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(key)) for key in columns))
    Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 200).print(table)


def say(sentence: str) -> None:
    """Print one sentence for a person."""
    out.print(sentence.translate(_CONTROLS), markup=False)


def run_app(app: typer.Typer, name: str) -> None:
    """Run a command line and exit; a person's mistake ends in its sentence and its exit code, without a traceback."""
    try:
        app(prog_name=name)
    except UserError as error:
        err.print(f"{name}: {error}".translate(_CONTROLS), markup=False)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; Python would complain about the rest of it
        sys.exit(0)


def _cell(value: Any) -> str:
    return "" if value is None else escape(str(value).translate(_CONTROLS))
