"""Asks about several things at once, each for a bounded time. What the answers mean is decided where they are read.

The rule: what a person can mend ends in a failed line, whatever it was; anything else is a mistake of ours, and is
raised as one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.checks import Check, failed
from shared.errors import UserError
from shared.progress import progress

LIMIT_S = 25.0
"""For one question. More than the longest call within one takes, so that the call itself says what did not answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be looked at, whatever else is."""

    name: str
    ask: Callable[[], Awaitable[Sequence[Check]]]
    remedy: str
    """What to do where no answer comes, or none that says so itself."""


async def ask_all(questions: Sequence[Question], *, limit_s: float = LIMIT_S, hidden: bool = True) -> list[Check]:
    """Ask them side by side; returns the lines in the order of the questions. A bar shows meanwhile unless `hidden`."""
    with progress("Checking", total=len(questions), hidden=hidden) as advance:

        async def one(question: Question) -> Sequence[Check]:
            lines = await _ask(question, limit_s)
            advance(1)
            return lines

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(question), name=question.name) for question in questions]
    return [check for task in tasks for check in task.result()]


async def _ask(question: Question, limit_s: float) -> Sequence[Check]:
    try:
        async with asyncio.timeout(limit_s):
            return await question.ask()
    except TimeoutError:
        return [failed(question.name, f"not known after {limit_s:.0f} s", question.remedy)]
    except UserError as error:
        return [failed(question.name, str(error), question.remedy)]
