"""Group commit: who joins which append, and whom an answer or a failure reaches."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.errors import StoreUnavailable
from relay.core.webhook import Incoming
from relay.engine import writer as writer_module
from relay.engine.ports import Appended
from relay.engine.writer import MAX_EVENTS_PER_APPEND, AppendWriter
from tests.support.fakes import incoming, tokens
from tests.support.waiting import soon, turn_over

Groups = dict[str, list[Incoming]]


class GatedAppender:
    """Keeps each append waiting until the test lets it through."""

    def __init__(self) -> None:
        self.appends: list[Groups] = []
        self.tokens: list[str] = []
        self.refuse: set[Incoming] = set()
        self.lease: set[str] = set()
        self.fail: set[str] = set()
        """Outboxes of which nothing can be promised."""
        self._gates: list[asyncio.Future[Exception | None]] = []

    async def append(
        self, groups: Mapping[str, Sequence[Incoming]], *, token: str
    ) -> Mapping[str, Appended | StoreUnavailable]:
        self.appends.append({name: list(events) for name, events in groups.items()})
        self.tokens.append(token)
        gate: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._gates.append(gate)
        error = await gate
        if error is not None:
            raise error
        return {
            name: StoreUnavailable(f"{name} is away")
            if name in self.fail
            else Appended(name in self.lease, [i for i, event in enumerate(events) if event in self.refuse])
            for name, events in groups.items()
        }

    async def let_through(self, error: Exception | None = None) -> None:
        """End the oldest append that waits."""
        await turn_over()
        self._gates.pop(0).set_result(error)
        await turn_over()


def new_writer(appender: GatedAppender, leases: list[tuple[str, str]] | None = None) -> AppendWriter:
    found = leases if leases is not None else []
    return AppendWriter(appender, new_token=tokens(), on_lease=lambda outbox, token: found.append((outbox, token)))


async def test_the_first_append_leaves_at_once_and_others_join_the_next_while_it_is_under_way() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    first = writer.append("acme", incoming("1", "a"))
    await turn_over()
    others = [writer.append("acme", incoming("1", "b")), writer.append("beta", incoming("2", "c"))]
    await turn_over()
    assert appender.appends == [{"acme": incoming("1", "a")}]

    await appender.let_through()
    assert await soon(first) == ()
    assert appender.appends[1:] == [{"acme": incoming("1", "b"), "beta": incoming("2", "c")}]

    await appender.let_through()
    assert [list(await soon(other)) for other in others] == [[], []]


async def test_nobody_is_answered_by_an_append_that_began_before_they_came() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    first = asyncio.ensure_future(writer.append("acme", incoming("1", "a")))
    await turn_over()
    late = asyncio.ensure_future(writer.append("acme", incoming("1", "b")))
    await appender.let_through()

    assert first.done()
    assert not late.done()
    await appender.let_through()
    assert late.done()


async def test_refusals_reach_whose_events_they_are_counted_from_0() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    blocker = writer.append("other", incoming("9", "x"))
    await turn_over()
    orders = [
        writer.append("acme", incoming("1", "a", "b")),
        writer.append("beta", incoming("2", "c")),
        writer.append("acme", incoming("1", "d")),
        writer.append("acme", incoming("1", "e", "f", "g")),
    ]
    appender.refuse = set(incoming("1", "b", "e", "g"))
    await appender.let_through()
    await appender.let_through()

    assert [list(await soon(order)) for order in orders] == [[1], [], [], [0, 2]]
    assert list(await soon(blocker)) == []


async def test_a_failure_reaches_everybody_in_it_and_nobody_after_it() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    blocker = writer.append("acme", incoming("1", "x"))
    await turn_over()
    together = [writer.append("acme", incoming("1", "a")), writer.append("beta", incoming("2", "b"))]
    await appender.let_through()
    await turn_over()
    after = writer.append("acme", incoming("1", "c"))
    await appender.let_through(StoreUnavailable("away"))
    for order in together:
        with pytest.raises(StoreUnavailable, match="away"):
            await soon(order)

    await appender.let_through()
    assert list(await soon(after)) == []
    assert list(await soon(blocker)) == []


async def test_an_outbox_that_fails_costs_the_others_of_its_append_nothing() -> None:
    """They would get 503 for what is stored, and their leases would be nobody's until they run out."""
    appender, leases = GatedAppender(), list[tuple[str, str]]()
    appender.fail, appender.lease = {"beta"}, {"acme", "beta"}
    writer = new_writer(appender, leases)
    blocker = writer.append("gamma", incoming("3", "x"))
    await turn_over()
    told = [writer.append("acme", incoming("1", "a"))]
    told += [writer.append("beta", incoming("2", text)) for text in ("b", "c")]
    await appender.let_through()
    await soon(blocker)
    await appender.let_through()
    taken, *failed = await soon(asyncio.gather(*told, return_exceptions=True))

    assert taken == ()
    assert [str(error) for error in failed] == ["beta is away"] * 2
    assert leases == [("acme", "t2")]


async def test_a_fault_of_ours_reaches_the_callers_too_and_the_writer_lives_on() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    broken = writer.append("acme", incoming("1", "a"))
    await appender.let_through(KeyError("a bug"))
    with pytest.raises(KeyError):
        await soon(broken)

    later = writer.append("acme", incoming("1", "b"))
    await appender.let_through()
    assert list(await soon(later)) == []


async def test_a_caller_who_went_away_costs_the_others_nothing() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    gone = asyncio.ensure_future(writer.append("acme", incoming("1", "a")))
    stays = asyncio.ensure_future(writer.append("acme", incoming("1", "b")))
    await turn_over()
    gone.cancel()
    appender.refuse = set(incoming("1", "b"))
    await appender.let_through()
    if not stays.done():
        await appender.let_through()

    assert list(await soon(stays)) == [0]


class TestAStoreThatHangs:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer_module, "APPEND_WITHIN_S", 0.05)

    async def test_nobody_waits_for_longer_than_meta_would_whether_in_the_append_or_behind_it(self) -> None:
        appender = GatedAppender()
        writer = new_writer(appender)
        loop = asyncio.get_running_loop()
        started = loop.time()
        orders = [writer.append("acme", incoming("1", "a"))]
        await turn_over()
        orders.append(writer.append("acme", incoming("1", "b")))
        answers = await soon(asyncio.gather(*orders, return_exceptions=True))
        elapsed_s = loop.time() - started

        assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
        assert elapsed_s < 2 * 0.05
        assert [groups["acme"] for groups in appender.appends] == [incoming("1", "a"), incoming("1", "b")]

    async def test_who_comes_when_it_answers_again_is_served(self) -> None:
        appender = GatedAppender()
        writer = new_writer(appender)
        with pytest.raises(StoreUnavailable, match="not stored within"):
            await writer.append("acme", incoming("1", "a"))
        later = writer.append("acme", incoming("1", "b"))
        await turn_over()
        appender._gates.pop(0)  # nobody waits for the first append any more
        await appender.let_through()

        assert await soon(later) == ()


async def test_what_its_caller_gave_up_is_not_sent_any_more() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    first = writer.append("acme", incoming("1", "a"))
    await turn_over()
    gone = asyncio.ensure_future(writer.append("acme", incoming("1", "b")))
    gone.cancel()
    await appender.let_through()
    await turn_over()

    assert await soon(first) == ()
    assert len(appender.appends) == 1


async def test_a_lease_that_comes_back_is_drained_under_the_token_of_its_append() -> None:
    appender, leases = GatedAppender(), list[tuple[str, str]]()
    appender.lease = {"beta"}
    writer = new_writer(appender, leases)
    order = writer.append("acme", incoming("1", "a"))
    await appender.let_through()
    await soon(order)
    order = writer.append("beta", incoming("2", "b"))
    await appender.let_through()
    await soon(order)

    assert appender.tokens == ["t1", "t2"]
    assert leases == [("beta", "t2")]


async def test_a_flood_is_cut_so_that_nobody_waits_for_all_of_it() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    blocker = writer.append("acme", incoming("1", "x"))
    await turn_over()
    half = MAX_EVENTS_PER_APPEND // 2
    sizes = [half, half, 1, 3 * MAX_EVENTS_PER_APPEND, 1]
    orders = [writer.append("acme", incoming("1", *["e"] * size)) for size in sizes]
    for _ in range(5):
        await appender.let_through()
    await soon(blocker)
    for order in orders:
        await soon(order)

    assert [len(groups["acme"]) for groups in appender.appends] == [1, 2 * half, 1, 3 * MAX_EVENTS_PER_APPEND, 1]


async def test_closing_waits_for_what_is_on_its_way() -> None:
    appender = GatedAppender()
    writer = new_writer(appender)
    order = asyncio.ensure_future(writer.append("acme", incoming("1", "a")))
    await turn_over()
    closing = asyncio.ensure_future(writer.close())
    await turn_over()
    assert not closing.done()
    await appender.let_through()
    await soon(closing)

    assert order.done()
    await new_writer(appender).close()


SMALL_ORDERS = st.lists(
    st.tuples(st.sampled_from(["acme", "beta", "~7"]), st.lists(st.booleans(), max_size=4), st.booleans()), max_size=25
)


@given(orders=SMALL_ORDERS)
def test_every_event_is_offered_once_in_order_and_every_caller_gets_its_own_refusals(
    orders: list[tuple[str, list[bool], bool]],
) -> None:
    """Each order: its outbox, for each event whether it is refused, whether an append ends before the next comes."""

    async def play() -> None:
        appender = GatedAppender()
        writer = new_writer(appender)
        futures = []
        expected: dict[str, list[Incoming]] = {}
        for number, (outbox, refusals, pause) in enumerate(orders):
            events = incoming("1", *(f"{number}.{index}" for index in range(len(refusals))))
            appender.refuse |= {event for event, refused in zip(events, refusals, strict=True) if refused}
            expected.setdefault(outbox, []).extend(events)
            futures.append(asyncio.ensure_future(writer.append(outbox, events)))
            if pause:
                await appender.let_through()
        await turn_over()
        while not all(future.done() for future in futures):
            await appender.let_through()

        for (_, refusals, _), future in zip(orders, futures, strict=True):
            assert list(future.result()) == [index for index, refused in enumerate(refusals) if refused]
        for outbox, events in expected.items():
            assert [event for groups in appender.appends for event in groups.get(outbox, [])] == events

    asyncio.run(play())
