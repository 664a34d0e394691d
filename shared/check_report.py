"""How a list of checks is shown to a person: a line each, its remedy below it, and a last sentence that sums up.

Colours are for a terminal only. Names are never broken; sentences are, between words.
"""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from shared.checks import Check, Outcome, count
from shared.console import harmless, print_lines, terminal_width
from shared.table import GAP, LEAST_PROSE, folded

STYLES = {
    Outcome.PASSED: "green",
    Outcome.WARNED: "yellow",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "dim",
}
ARROW = "→ "
PIPE_WIDTH = 120
"""Where no terminal says how wide it is."""

_MARK_WIDTH = max(map(len, Outcome))


def print_report(checks: Sequence[Check]) -> None:
    """Print all lines, and how many of them want something done."""
    print_lines([*report_lines(checks, terminal_width() or PIPE_WIDTH), Text(summary(checks))])


def report_lines(checks: Sequence[Check], width: int) -> Iterator[Text]:
    """Return the lines. Where `width` leaves the sentences no room beside the names, they stand below them."""
    indent = _MARK_WIDTH + 2 * len(GAP) + max((cell_len(check.name) for check in checks), default=0)
    if width - indent < LEAST_PROSE:
        indent = len(GAP)
    for check in checks:
        yield from _lines(check, indent, max(width - indent, 1))


def summary(checks: Sequence[Check]) -> str:
    """Say in one sentence how it stands."""
    wrong, odd = count(checks, Outcome.FAILED), count(checks, Outcome.WARNED)
    warnings = "" if not odd else "; 1 warning" if odd == 1 else f"; {odd} warnings"
    if not wrong:
        return f"Nothing failed{warnings}."
    return f"{wrong} of {len(checks)} checks failed{warnings}."


def _lines(check: Check, indent: int, room: int) -> Iterator[Text]:
    style = STYLES[check.outcome]
    head = f"{check.outcome:<{_MARK_WIDTH}}{GAP}{harmless(check.name)}"
    words = folded(harmless(check.words), room)
    if cell_len(head) + len(GAP) <= indent:
        padding = " " * (indent - cell_len(head))
        yield Text.assemble((head[:_MARK_WIDTH], style), head[_MARK_WIDTH:], padding, words.pop(0))
    else:
        yield Text.assemble((head[:_MARK_WIDTH], style), head[_MARK_WIDTH:])
    for line in words:
        yield Text(" " * indent + line)
    if check.remedy:
        yield from _remedy(harmless(check.remedy), indent, room)


def _remedy(remedy: str, indent: int, room: int) -> Iterator[Text]:
    for number, line in enumerate(folded(remedy, max(room - len(ARROW), 1))):
        yield Text(" " * indent + (ARROW if number == 0 else " " * len(ARROW)) + line)
