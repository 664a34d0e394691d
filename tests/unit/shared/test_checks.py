"""Lines of a report, how they are asked for, and how they are shown."""

import asyncio
import json

import pytest

from shared.check_report import report_lines, summary
from shared.checks import Check, all_well, failed, passed, report_json, skipped, warned
from shared.errors import UserError
from shared.questions import Question, ask_all

GOOD, ODD = passed("one", "is well"), warned("two", "is odd", "look at it")
BAD, LEFT_OUT = failed("a longer name", "does not work at all", "mend it, and do so soon"), skipped("four", "needs one")


@pytest.mark.parametrize(
    ("checks", "well", "words"),
    [
        ([GOOD, LEFT_OUT], True, "Nothing failed."),
        ([GOOD, ODD], True, "Nothing failed; 1 warning."),
        ([GOOD, BAD], False, "1 of 2 checks failed."),
        ([BAD, BAD, ODD, ODD], False, "2 of 4 checks failed; 2 warnings."),
    ],
)
def test_only_what_failed_is_a_failure(checks: list[Check], well: bool, words: str) -> None:  # noqa: FBT001  a row
    assert (all_well(checks), summary(checks)) == (well, words)
    assert json.loads(json.dumps(report_json(checks)))["passed"] is well


def test_wide_lines_stand_beside_their_names() -> None:
    assert [line.plain for line in report_lines([GOOD, BAD], 120)] == [
        "passed   one            is well",
        "failed   a longer name  does not work at all",
        "                        → mend it, and do so soon",
    ]


def test_narrow_lines_stand_below_their_names() -> None:
    assert [line.plain for line in report_lines([BAD], 30)] == [
        "failed   a longer name",
        "  does not work at all",
        "  → mend it, and do so soon",
    ]


def test_what_drives_a_terminal_is_made_harmless() -> None:
    lines = list(report_lines([failed("x", "a\x1b[2Jb", "c\x07d")], 80))

    assert "\x1b" not in "".join(line.plain for line in lines)
    assert "\x07" not in "".join(line.plain for line in lines)


class TestAsking:
    async def test_lines_come_in_the_order_of_their_questions(self) -> None:
        second_done = asyncio.Event()

        async def first() -> list[Check]:
            await second_done.wait()
            return [GOOD]

        async def second() -> list[Check]:
            second_done.set()
            return [ODD, BAD]

        assert await ask_all([Question("1", first, "r"), Question("2", second, "r")]) == [GOOD, ODD, BAD]

    async def test_whoever_does_not_answer_fails_alone(self) -> None:
        async def never() -> list[Check]:
            await asyncio.Event().wait()
            return []

        async def at_once() -> list[Check]:
            return [GOOD]

        found = await ask_all([Question("1", never, "do this"), Question("2", at_once, "")], limit_s=0.01)

        assert found == [failed("1", "not known after 0 s", "do this"), GOOD]

    async def test_what_a_person_can_mend_is_a_failed_line(self) -> None:
        async def refuse() -> list[Check]:
            raise UserError("it is broken")

        assert await ask_all([Question("1", refuse, "do this")]) == [failed("1", "it is broken", "do this")]

    async def test_a_mistake_of_ours_is_not_hidden(self) -> None:
        async def stumble() -> list[Check]:
            raise ZeroDivisionError

        with pytest.raises(ExceptionGroup) as raised:
            await ask_all([Question("1", stumble, "do this")])

        assert isinstance(raised.value.exceptions[0], ZeroDivisionError)
