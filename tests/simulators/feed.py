"""Tells listeners, as it happens, what a simulated platform showed to its customers. Keeps no history."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Feed(Generic[Item]):
    """Everyone who listens gets every item from then on, in order."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Item | None]] = set()

    def publish(self, item: Item) -> None:
        """Hand an item to all who listen now."""
        for listener in self._listeners:
            listener.put_nowait(item)

    @contextmanager
    def listen(self) -> Iterator[AsyncIterator[Item]]:
        """Listen from now on; the iterator ends when the feed closes."""
        listener: asyncio.Queue[Item | None] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            yield _items(listener)
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End the iterators of all who listen now."""
        for listener in self._listeners:
            listener.put_nowait(None)


async def _items(listener: "asyncio.Queue[Item | None]") -> AsyncIterator[Item]:
    while (item := await listener.get()) is not None:
        yield item
