"""Whoever waits is told of every change, and of the end."""

import asyncio

from onsite.engine.bell import Bell

DEADLINE_S = 20.0


class Watched:
    """A value that others wait for, and how often they looked."""

    def __init__(self) -> None:
        self.value = 0
        self.looks = 0
        self.looked = asyncio.Event()

    async def look(self) -> int:
        self.looks += 1
        self.looked.set()
        return self.value


async def test_what_is_there_already_is_not_waited_for() -> None:
    watched = Watched()

    assert await Bell().wait_for(watched.look, until=lambda _: True, timeout_s=DEADLINE_S) == 0
    assert watched.looks == 1


async def test_each_ring_is_a_look_until_it_is_there() -> None:
    bell, watched = Bell(), Watched()
    waiting = asyncio.create_task(bell.wait_for(watched.look, until=lambda seen: seen == 2, timeout_s=DEADLINE_S))
    for value in (1, 2):
        await asyncio.wait_for(watched.looked.wait(), DEADLINE_S)
        watched.looked.clear()
        watched.value = value
        bell.ring()

    assert await waiting == 2
    assert watched.looks == 3


async def test_a_ring_between_look_and_wait_is_not_missed() -> None:
    bell = Bell()
    value = 0

    async def look_while_it_changes() -> int:
        nonlocal value
        seen, value = value, 1
        if seen == 0:
            bell.ring()
        return seen

    assert await bell.wait_for(look_while_it_changes, until=lambda seen: seen == 1, timeout_s=DEADLINE_S) == 1


async def test_when_the_time_is_over_the_last_look_is_the_answer() -> None:
    watched = Watched()

    assert await Bell().wait_for(watched.look, until=lambda _: False, timeout_s=0.01) == 0
    assert watched.looks == 2


async def test_without_a_wait_it_looks_once() -> None:
    watched = Watched()

    await Bell().wait_for(watched.look, until=lambda _: False, timeout_s=0)
    assert watched.looks == 1


async def test_a_closed_bell_lets_nobody_wait() -> None:
    bell, watched = Bell(), Watched()
    waiting = asyncio.create_task(bell.wait_for(watched.look, until=lambda _: False, timeout_s=DEADLINE_S))
    await asyncio.wait_for(watched.looked.wait(), DEADLINE_S)

    bell.close()

    assert await asyncio.wait_for(waiting, DEADLINE_S) == 0
    assert await bell.wait_for(watched.look, until=lambda _: False, timeout_s=DEADLINE_S) == 0
