"""Bounds the memory that requests take which have not come whole, however many connections bring them. No I/O.

Whoever sends them has proved nothing yet, so nobody may fill the room and keep the others out: when it is full, not
the newcomer has to go, but whoever has been in it longest. An honest request is in it for a round trip or two.
"""

from collections.abc import Callable


class ReadingRoom:
    """Who holds how many bytes, in the order in which they came."""

    def __init__(self, limit: int) -> None:
        """`limit` is in bytes, and larger than what any one may hold."""
        self._limit = limit
        self._held: dict[object, tuple[int, Callable[[], None]]] = {}
        self.taken = 0
        """Bytes."""

    def hold(self, holder: object, size: int, *, give_up: Callable[[], None]) -> None:
        """Let `holder` hold `size` bytes from now on; called again, it keeps its place in the order.

        While all together hold too much, the one that came first is out: its `give_up` is called, once, and should
        free what it holds.
        """
        before = self._held.get(holder)
        self._held[holder] = (size, give_up)
        self.taken += size - (before[0] if before is not None else 0)
        while self.taken > self._limit:
            first = next(iter(self._held))
            _, give_up_first = self._held[first]
            self.leave(first)
            give_up_first()

    def leave(self, holder: object) -> None:
        """Let it go; nothing happens where it is not there."""
        held = self._held.pop(holder, None)
        if held is not None:
            self.taken -= held[0]
