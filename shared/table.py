"""How rows are laid out for a person: a table where it fits, or else a record for each row. Nothing is printed here.

The rule: names, states, times, ids and numbers are never broken or cut. Only prose is, between its words, and only
where it still has room enough to be read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

GAP = "  "
LEAST_PROSE = 24
"""Cells; in a narrower column a sentence is a tower of words, and a record is read better."""
HEADING = "bold"

_WORD = re.compile(" *[^ ]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column and all of its cells, which may have several lines."""

    heading: str
    cells: Sequence[str]
    prose: bool = False

    @property
    def natural(self) -> int:
        """How many cells of a terminal it takes unbroken."""
        return max(cell_len(line) for text in (self.heading, *self.cells) for line in _lines(text))

    @property
    def least(self) -> int:
        """How narrow it may be."""
        if not self.prose:
            return self.natural
        words = (word for text in self.cells for line in _lines(text) for word in line.split(" "))
        return min(self.natural, max(LEAST_PROSE, cell_len(self.heading), *map(cell_len, words)))


def lay_out(columns: Sequence[Column], width: int) -> Iterator[Text]:
    """Return the lines: a table, or where `width` is too narrow for one, a record for each row."""
    if least_width(columns) <= width:
        return _table(columns, _widths(columns, width))
    return records(columns, width)


def least_width(columns: Sequence[Column]) -> int:
    """Return how much room a table takes at the least."""
    return sum(column.least for column in columns) + len(GAP) * (len(columns) - 1)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Share what is left among the columns of prose; what one does not need, the others get."""
    widths = [column.least for column in columns]
    left = width - least_width(columns)
    wishing = sorted((column.natural - column.least, place) for place, column in enumerate(columns))
    for number, (wish, place) in enumerate(wishing):
        given = min(wish, left // (len(wishing) - number))
        widths[place] += given
        left -= given
    return widths


def _table(columns: Sequence[Column], widths: Sequence[int]) -> Iterator[Text]:
    headings = [_padded(column.heading, width) for column, width in zip(columns, widths, strict=True)]
    yield Text(GAP.join(headings).rstrip(), HEADING)
    for row in zip(*(column.cells for column in columns), strict=True):
        cells = [folded(text, width) for text, width in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [lines[number] if number < len(lines) else "" for lines in cells]
            yield Text(GAP.join(map(_padded, parts, widths)).rstrip())


def records(columns: Sequence[Column], width: int) -> Iterator[Text]:
    """Return a line for each heading and its cell. Empty cells are left out; a blank line stands between two rows."""
    indent = max(cell_len(column.heading) for column in columns) + len(GAP)
    for number, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        if number:
            yield Text()
        for column, text in zip(columns, row, strict=True):
            if text:
                yield from _field(column, text, indent, width)


def _field(column: Column, text: str, indent: int, width: int) -> Iterator[Text]:
    first, *others = folded(text, max(width - indent, 1)) if column.prose else _lines(text)
    yield Text.assemble((_padded(column.heading, indent), HEADING), first)
    for line in others:
        yield Text(" " * indent + line)


def folded(text: str, width: int) -> list[str]:
    """Break between words; a longer word stands alone, and the terminal breaks it, so that it is copied whole."""
    return [part for line in _lines(text) for part in _folded_line(line, width)]


def _folded_line(line: str, width: int) -> Iterator[str]:
    part = ""
    for word in _WORD.findall(line):
        if part and cell_len(part + word) > width:
            yield part
            part = word.lstrip(" ")
        else:
            part += word
    yield part


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
