"""Random histories on Redis and on its fake side by side: after each step both must have answered alike."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.adapters import redis_clients
from relay.core.change import Mandate
from relay.core.limits import Limits, Part
from relay.core.outbox import BatchLimits, Entry, is_holding, page_of
from relay.core.webhook import Incoming
from relay.engine.outbox_admin import Action
from relay.engine.ports import Acknowledged, Batch, Parked
from shared import page_events
from shared.wire import Rejection
from tests.support.fakes import incoming
from tests.support.outbox_stores import Store, memory_store, redis_store, sent, taken_by
from tests.support.redis_server import RedisServer

# Weighted by repetition: most histories are of one site, one page and one holder, or little would happen in them.
OUTBOXES = st.sampled_from(["acme", "acme", "acme", "~1"])
HOLDERS = st.sampled_from(["t1", "t1", "t1", "t2", ""])
PAGES = st.sampled_from(["1", "1", "1", "2"])
LIMITS = st.builds(
    Limits,
    max_events=st.integers(1, 12),
    max_bytes=st.integers(4, 100),
    max_age_ms=st.just(10 * 365 * 24 * 3600 * 1000),
)
"""So tight that most histories cross them; ages are told by Redis' clock alone, so nothing is too old here."""
OPERATIONS = st.one_of(
    st.tuples(st.just("append"), OUTBOXES, PAGES, st.integers(0, 3), HOLDERS),
    st.tuples(st.just("append"), OUTBOXES, PAGES, st.integers(1, 6), HOLDERS),
    st.tuples(st.just("receipts"), OUTBOXES, PAGES, st.integers(1, 3), HOLDERS),
    st.tuples(st.just("claim"), HOLDERS.filter(bool), st.booleans()),
    st.tuples(st.just("ready")),
    st.tuples(st.just("next"), HOLDERS, st.integers(1, 3), st.integers(1, 30), st.booleans(), st.booleans()),
    st.tuples(st.just("extend"), HOLDERS),
    st.tuples(st.just("release"), HOLDERS, st.booleans()),
    st.tuples(
        st.just("park"), HOLDERS, st.booleans(), st.sampled_from([0.0, 600.0]), st.sampled_from(["", "1-0", "2-0"])
    ),
    st.tuples(st.just("lose")),
    st.tuples(st.just("fence"), OUTBOXES, PAGES),
    st.tuples(st.just("open"), OUTBOXES, PAGES),
    st.tuples(st.just("move"), st.integers(1, 2)),
    st.tuples(st.just("leave"), PAGES),
    st.tuples(st.just("tell")),
    st.tuples(st.just("take_out"), PAGES, st.integers(1, 3)),
    st.tuples(st.just("bring"), PAGES, OUTBOXES, st.integers(1, 2)),
    st.tuples(
        st.just("sift"), OUTBOXES, st.sampled_from(Part), st.sampled_from(Action), st.sampled_from(["", "1", "2"])
    ),
)


class Player:
    """Plays a history on one store and notes what was answered, ids left out, as only Redis' clock knows them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.answers: list[object] = []
        self._batch: Sequence[Entry] = ()
        self._number = 0

    async def play(self, operation: tuple[object, ...]) -> None:
        name, *arguments = operation
        answer = await getattr(self, f"_{name}")(*arguments)
        self.answers.append((name, answer, self.store.alarms[:]))
        for outbox in ("acme", "~1"):
            kept = await self.store.waiting(outbox), await self.store.bytes_kept(outbox)
            self.answers.append((kept, await self.store.losses(outbox)))

    async def _append(self, outbox: str, page: str, count: int, holder: str) -> object:
        texts = [f"e{self._number + number}" for number in range(count)]
        self._number += count
        return await self._offer(outbox, incoming(_page_in(outbox, page), *texts), holder)

    async def _receipts(self, outbox: str, page: str, count: int, holder: str) -> object:
        return await self._offer(outbox, [Incoming(_page_in(outbox, page), "messaging", b'{"read":1}')] * count, holder)

    async def _offer(self, outbox: str, events: Sequence[Incoming], holder: str) -> object:
        answer = taken_by(outbox, await self.store.appender.append({outbox: events}, token=holder))
        return answer.leased, list(answer.refused)

    async def _claim(self, holder: str, if_due: bool) -> object:  # noqa: FBT001  drawn
        return await self.store.drain.claim("acme", token=holder, if_due=if_due)

    async def _ready(self) -> object:
        announced = await self.store.announcements.ready("acme")
        # Left due, as an appender that trusts its mark does not renew it, and its fake knows no such trust.
        found = await self.store.due(stay_due=True)
        return announced, sorted((each.outbox, each.events, each.state, bool(each.next_attempt_ms)) for each in found)

    async def _next(self, holder: str, events: int, size: int, acknowledge: bool, refuse: bool) -> object:  # noqa: FBT001  drawn
        done = self._done(refuse=refuse) if acknowledge else None
        step = await self.store.drain.next_batch("acme", token=holder, done=done, limits=BatchLimits(events, size))
        self._batch = step.entries if isinstance(step, Batch) else ()
        return (step.failures, sent(step)) if isinstance(step, Batch) else step, await self.store.dead()

    async def _extend(self, holder: str) -> object:
        return await self.store.drain.extend("acme", token=holder)

    async def _release(self, holder: str, acknowledge: bool) -> object:  # noqa: FBT001  drawn
        step = await self.store.drain.release("acme", token=holder, done=self._done() if acknowledge else None)
        self._batch = ()
        return step

    async def _park(self, holder: str, pause: bool, wait_s: float, refused: str) -> object:  # noqa: FBT001  drawn
        parked = await self.store.drain.park(
            "acme", token=holder, wait_s=None if pause else wait_s, reason="away", refused=refused
        )
        return parked.failures if isinstance(parked, Parked) else parked, await self.store.drain.refusals("acme")

    async def _lose(self) -> None:
        await self.store.lose_lease()

    async def _fence(self, outbox: str, page: str) -> None:
        await self.store.bindings.fence(Mandate(page, 1), outbox)

    async def _open(self, outbox: str, page: str) -> None:
        await self.store.bindings.open(Mandate(page, 1), outbox)

    async def _move(self, limit: int) -> object:
        return await self.store.bindings.move(Mandate("1", 1), "acme", limit=limit)

    async def _leave(self, page: str) -> None:
        await self.store.bindings.leave(Mandate(page, 1), "acme")

    async def _tell(self) -> None:
        event = Incoming("1", page_events.KIND_DISCONNECTED, b"gone")
        await self.store.handover.tell(Mandate("1", 1), "acme", event)

    async def _take_out(self, page: str, limit: int) -> object:
        found, below = [], "+"
        while below:
            step = await self.store.handover.take_out(Mandate(page, 1), "acme", below=below, limit=limit)
            below = step.go_on
            found.append((step.taken, step.staying))
        return found

    async def _bring(self, page: str, outbox: str, limit: int) -> object:
        page = _page_in(outbox, page)
        return await self.store.handover.bring(Mandate(page, 1), "acme", outbox, limit=limit)

    async def _sift(self, outbox: str, part: Part, action: Action, page: str) -> object:
        return await self.store.sift(part, action, outbox=outbox, page=page), await self.store.dead()

    def _done(self, *, refuse: bool = False) -> Acknowledged | None:
        if not self._batch:
            return None
        return Acknowledged(self._batch, [Rejection(self._batch[-1].id, "odd")] if refuse else ())


def _page_in(outbox: str, page: str) -> str:
    """Return a page whose events this outbox can have."""
    return page_of(outbox) if is_holding(outbox) else page


@given(history=st.lists(OPERATIONS, min_size=10, max_size=40), limits=LIMITS, dead_limits=LIMITS)
@settings(max_examples=100)
def test_after_any_history_both_stores_have_answered_alike_and_kept_lost_and_counted_the_same(
    redis_server: RedisServer, history: list[tuple[object, ...]], limits: Limits, dead_limits: Limits
) -> None:
    async def play() -> None:
        redis_server.clear()
        client = redis_clients.open_async(redis_server.url)
        fake, real = Player(memory_store(limits, dead_limits)), Player(redis_store(client, limits, dead_limits))
        for operation in history:
            await fake.play(operation)
            await real.play(operation)
        await client.aclose()

        assert real.answers == fake.answers

    asyncio.run(play())
