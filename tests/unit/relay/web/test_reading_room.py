"""The room for what has not come whole: never overfull, and nobody can keep the others out of it."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from relay.web.reading_room import ReadingRoom

LIMIT = 100


class Room(ReadingRoom):
    """A room that notes who had to go."""

    def __init__(self) -> None:
        super().__init__(LIMIT)
        self.gone: list[object] = []

    def enter(self, name: object, size: int) -> None:
        self.hold(name, size, give_up=partial(self.gone.append, name))


def test_who_came_first_goes_first_and_only_as_many_as_must() -> None:
    room = Room()
    for name, size in (("a", 30), ("b", 30), ("c", 40), ("d", 50)):
        room.enter(name, size)

    assert (room.gone, room.taken) == (["a", "b"], 90)


def test_who_holds_more_keeps_its_place_and_may_be_the_one_to_go() -> None:
    room = Room()
    for name, size in (("a", 30), ("b", 40), ("a", 70)):
        room.enter(name, size)

    assert (room.gone, room.taken) == (["a"], 40)


def test_who_leaves_is_not_asked_to_go() -> None:
    room = Room()
    room.enter("a", 60)
    room.leave("a")
    room.leave("a")
    room.enter("b", 60)

    assert (room.gone, room.taken) == ([], 60)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, LIMIT), st.booleans())))
def test_it_is_never_overfull_and_counts_what_is_held(steps: list[tuple[int, int, bool]]) -> None:
    room = Room()
    model: dict[object, int] = {}
    for name, size, leaves in steps:
        room.gone.clear()
        if leaves:
            room.leave(name)
            model.pop(name, None)
        else:
            room.enter(name, size)
            model[name] = size
        for gone in room.gone:
            del model[gone]

        assert room.taken == sum(model.values()) <= LIMIT
