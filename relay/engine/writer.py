"""Group commit: what arrives while one append is on its way goes into the next, together.

Under load this turns one round trip, and with `appendfsync always` one flush of the disk, for each webhook into one for
all that wait; without load it adds nothing, as the first append leaves at once. Each caller still waits for its own
events, and only for an append that began after it had handed them in.

Where the store hangs, nobody waits for longer than APPEND_WITHIN_S: an append has the time that its oldest caller has
left, and ends with StoreUnavailable for all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from relay.core.errors import StoreUnavailable
from relay.core.webhook import Incoming
from relay.engine.ports import Appended, OutboxAppender

MAX_EVENTS_PER_APPEND = 500
"""Bounds the size of one round trip, so that one flood of webhooks does not make every other webhook wait for it."""

APPEND_WITHIN_S = 3.5
"""From handing events in to the answer about them: Meta waits for 5 s at the most, and has a way to us."""


class _Order(NamedTuple):
    """One outbox's events of one caller."""

    outbox: str
    events: Sequence[Incoming]
    done: asyncio.Future[Sequence[int]]
    answer_by: float
    """By the event loop's clock."""


class AppendWriter:
    """Collects appends and sends them off together. One instance for each event loop."""

    def __init__(
        self, appender: OutboxAppender, *, new_token: Callable[[], str], on_lease: Callable[[str, str], None]
    ) -> None:
        """`on_lease(outbox, token)` is called when an append came back with the outbox's lease: drain it."""
        self._appender = appender
        self._new_token = new_token
        self._on_lease = on_lease
        self._waiting: list[_Order] = []
        self._flushing: asyncio.Task[None] | None = None

    def append(self, outbox: str, events: Sequence[Incoming]) -> Awaitable[Sequence[int]]:
        """Append to one outbox; returns the indices of events it refused. Raises StoreUnavailable."""
        loop = asyncio.get_running_loop()
        order = _Order(outbox, events, loop.create_future(), loop.time() + APPEND_WITHIN_S)
        self._waiting.append(order)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush(), name="append")
        return order.done

    async def close(self) -> None:
        """Wait for what is on its way."""
        if self._flushing is not None:
            await self._flushing

    async def _flush(self) -> None:
        while orders := self._take():
            try:
                async with asyncio.timeout_at(orders[0].answer_by):
                    await self._append(orders)
            except TimeoutError:
                _fail(orders, StoreUnavailable(f"events were not stored within {APPEND_WITHIN_S:g} s"))
            except Exception as error:  # noqa: BLE001  whatever it was, each caller must learn of it
                _fail(orders, error)

    def _take(self) -> list[_Order]:
        """Take the oldest orders that go together, none of them given up by its caller."""
        self._waiting = [order for order in self._waiting if not order.done.done()]
        taken, events = 0, 0
        for order in self._waiting:
            events += len(order.events)
            if taken and events > MAX_EVENTS_PER_APPEND:
                break
            taken += 1
        orders, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return orders

    async def _append(self, orders: Sequence[_Order]) -> None:
        groups: dict[str, list[Incoming]] = {}
        for order in orders:
            groups.setdefault(order.outbox, []).extend(order.events)
        token = self._new_token()
        results = await self._appender.append(groups, token=token)
        for outbox, appended in results.items():
            if isinstance(appended, Appended) and appended.leased:
                self._on_lease(outbox, token)
        _answer(orders, results)


def _fail(orders: Sequence[_Order], error: Exception) -> None:
    for order in orders:
        if not order.done.done():
            order.done.set_exception(error)


def _answer(orders: Sequence[_Order], results: Mapping[str, Appended | StoreUnavailable]) -> None:
    """Give each caller the refusals among its own events, or the error of its own outbox."""
    offsets = dict.fromkeys(results, 0)
    for order in orders:
        start, end = offsets[order.outbox], offsets[order.outbox] + len(order.events)
        offsets[order.outbox] = end
        result = results[order.outbox]
        if isinstance(result, StoreUnavailable):
            _fail([order], result)
        elif not order.done.done():
            refused = result.refused
            order.done.set_result([index - start for index in refused if start <= index < end] if refused else ())
