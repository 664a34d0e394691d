"""How rows are laid out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from shared.console import print_record, print_table
from shared.table import Column, lay_out, least_width
from tests.support.terminal import WIDTHS, terminal

ROWS: list[dict[str, Any]] = [
    {
        "whose": "page 112233445566 (unclaimed)",
        "state": "unclaimed",
        "at": "2026-11-22T18:39:39.808Z",
        "url": "https://chat.depot.internal.example:8443/social",
        "words": "the token has expired; give the page a new one with `onsite channel add facebook`",
    },
    {"whose": "acme", "state": "up", "at": None, "url": "https://acme.example", "words": "two\nlines"},
]
COLUMNS = {"whose": "OUTBOX", "state": "STATE", "at": "OLDEST", "url": "URL", "words": "WHAT TO DO"}
WHOLE = [row[key] for row in ROWS for key in ("whose", "state", "at", "url") if row[key]]


def laid(columns: list[Column], width: int) -> list[str]:
    return [str(line) for line in lay_out(columns, width)]


@pytest.mark.parametrize("columns", WIDTHS)
def test_nothing_is_lost_on_a_terminal_of_any_width(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    with terminal(monkeypatch, columns) as screen:
        print_table(ROWS, COLUMNS, empty="", prose={"words"})

    assert all(any(value in line for line in screen.lines) for value in WHOLE)
    assert all(word in screen.text for word in ROWS[0]["words"].split())
    assert all(len(line) <= columns or line.endswith(tuple(WHOLE)) for line in screen.lines)
    assert not any(line != line.rstrip() for line in screen.lines)


@pytest.mark.parametrize(("columns", "is_table"), [(200, True), (160, True), (80, False)])
def test_where_a_table_fits_it_is_one(monkeypatch: pytest.MonkeyPatch, columns: int, *, is_table: bool) -> None:
    with terminal(monkeypatch, columns) as screen:
        print_table(ROWS, COLUMNS, empty="", prose={"words"})

    assert (screen.lines[0].split()[:3] == ["OUTBOX", "STATE", "OLDEST"]) is is_table


def test_a_terminal_that_does_not_know_its_width_is_one_of_80(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, 0) as unknown:
        print_table(ROWS, COLUMNS, empty="")
    with terminal(monkeypatch, 80) as known:
        print_table(ROWS, COLUMNS, empty="")

    assert unknown.text == known.text


def test_a_record_names_each_of_its_fields_once() -> None:
    columns = [
        Column("SITE", ["acme", "beta"]),
        Column("STATE", ["paused", ""]),
        Column("WHY", ["moves to another host", "one\ntwo"], prose=True),
    ]

    assert laid(columns, 20) == [
        "SITE   acme",
        "STATE  paused",
        "WHY    moves to",
        "       another host",
        "",
        "SITE   beta",
        "WHY    one",
        "       two",
    ]


def test_prose_gets_what_the_others_leave() -> None:
    columns = [Column("ID", ["1"]), Column("A", ["word " * 10 + "end"], prose=True), Column("B", ["short"], prose=True)]

    assert laid(columns, 40) == [
        "ID  A                              B",
        "1   word word word word word word  short",
        "    word word word word end",
    ]


def test_one_thing_is_told_as_a_record_in_a_pipe_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_record({"site": "acme", "last error": ""})

    assert capsys.readouterr().out == "site        acme\n"


def test_a_pipe_gets_a_table_however_wide_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"a": "x" * 150, "b": "y" * 150}], {"a": "A", "b": "B"}, empty="")

    assert capsys.readouterr().out.splitlines()[1] == "x" * 150 + "  " + "y" * 150


texts = st.text(st.sampled_from("ab \n\u4f60\U0001f600-/"), max_size=60)


@given(rows=st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=4), width=st.integers(1, 200))
def test_every_character_is_there_at_every_width(rows: list[tuple[str, str, str]], width: int) -> None:
    cells = list(zip(*rows, strict=True))
    columns = [Column("NAME", cells[0]), Column("SAID", cells[1], prose=True), Column("WHY", cells[2], prose=True)]
    printed = laid(columns, width)
    shown = "".join("".join(printed).split())

    for character in "ab\u4f60\U0001f600-/":
        assert shown.count(character) == sum(text.count(character) for row in rows for text in row)
    if least_width(columns) <= width:
        assert all(cell_len(line) <= width for line in printed)
