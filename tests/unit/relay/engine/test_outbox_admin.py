"""What operators may ask of outboxes: who is listed, how much at once, and what is written down of it."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from structlog.testing import capture_logs

from relay.core.choice import Choice
from relay.core.delivery import DeliveryState
from relay.core.errors import OutboxNotFound
from relay.core.limits import DAY_MS, DEAD_LIMITS, OUTBOX_LIMITS, LossReason, Part
from relay.engine import metrics, outbox_admin
from relay.engine.outbox_admin import Action, Listing, OutboxAdmin, Sifted
from relay.engine.status import Loss, OutboxStatus

ALL = Choice()


def status_of(name: str, *, waiting: int = 0, dead: int = 0, lost: int = 0) -> OutboxStatus:
    losses = (Loss(LossReason.AGE, lost, 1),) if lost else ()
    oldest_at_ms = 5 if waiting else None
    return OutboxStatus(
        name, DeliveryState.UP, waiting, oldest_at_ms, False, 0, dead, 0, None, None, "", None, None, losses=losses
    )


class FakeStore:
    """Fits `engine.outbox_admin.OutboxStore`."""

    def __init__(self, *outboxes: OutboxStatus, sites: Sequence[str] = ("acme",)) -> None:
        self.known = {each.outbox: each for each in outboxes}
        self.sites = sites
        self.sifted: list[tuple[str, Part, Action, Choice, str]] = []
        self.looked: list[tuple[str, Part, Choice, int, bool]] = []
        self.chosen = 3
        self.most_at_once = 0

    async def names(self) -> Sequence[str]:
        return list(self.known)

    async def exists(self, outbox: str) -> bool:
        return outbox.startswith("~") or outbox in self.sites

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        self.most_at_once = max(self.most_at_once, len(names))
        return [self.known.get(name) or status_of(name) for name in names]

    async def look(self, outbox: str, part: Part, choice: Choice, *, at_most: int, with_payload: bool) -> Listing:
        self.looked.append((outbox, part, choice, at_most, with_payload))
        return Listing([], "(5-1")

    async def sift(self, outbox: str, part: Part, action: Action, choice: Choice, *, reason: str) -> Sifted:
        self.sifted.append((outbox, part, action, choice, reason))
        return Sifted("", "9-0", 5, self.chosen, 100, 1, full=False)


class FakeSettling:
    """Fits `engine.outbox_admin.Settling`."""

    def __init__(self) -> None:
        self.settled: list[str] = []

    async def settling(self, page_id: str, work: Callable[[], Awaitable[Sifted]]) -> Sifted:
        result = await work()
        self.settled.append(page_id)
        return result


def admin_of(store: FakeStore, settling: FakeSettling | None = None) -> OutboxAdmin:
    limits = {Part.WAITING: OUTBOX_LIMITS, Part.DEAD: DEAD_LIMITS}
    return OutboxAdmin(store, limits, settling or FakeSettling())


async def names(admin: OutboxAdmin, *, after: str = "", at_most: int = 200, unclaimed: bool = False) -> list[str]:
    found = await admin.list(after=after, at_most=at_most, unclaimed=unclaimed)
    return [each.status.outbox for each in found.outboxes]


class TestListing:
    async def test_outboxes_that_hold_or_lost_something_are_listed_by_name(self) -> None:
        store = FakeStore(
            status_of("gone", lost=3),
            status_of("dead", dead=1),
            status_of("empty"),
            status_of("~22", waiting=2),
            status_of("acme", waiting=1),
        )

        assert await names(admin_of(store)) == ["acme", "dead", "gone", "~22"]
        assert await names(admin_of(store), unclaimed=True) == ["~22"]

    async def test_what_waits_is_kept_until_its_oldest_event_is_too_old(self) -> None:
        store = FakeStore(status_of("acme", waiting=1), status_of("dead", dead=1))
        found = await admin_of(store).list(after="", at_most=9, unclaimed=False)

        assert [each.kept_until_ms for each in found.outboxes] == [5 + 7 * DAY_MS, None]
        assert (await admin_of(store).show("acme")).kept_until_ms == 5 + 7 * DAY_MS

    async def test_many_are_listed_in_several_answers(self) -> None:
        store = FakeStore(*(status_of(f"site-{number:03}", waiting=number % 2) for number in range(500)))
        listed, after, answers = list[str](), "", 0
        while True:
            found = await admin_of(store).list(after=after, at_most=100, unclaimed=False)
            listed += [each.status.outbox for each in found.outboxes]
            after, answers = found.go_on, answers + 1
            if not after:
                break

        assert listed == [f"site-{number:03}" for number in range(1, 500, 2)]
        assert answers == 3
        assert store.most_at_once == outbox_admin.LIST_AT_MOST

    async def test_an_answer_goes_through_a_bounded_number_of_empty_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outbox_admin, "LOOKED_THROUGH_AT_MOST", 10)
        store = FakeStore(*(status_of(f"site-{number:03}", waiting=number // 29) for number in range(30)))
        first = await admin_of(store).list(after="", at_most=100, unclaimed=False)

        assert (first.outboxes, first.go_on) == ([], "site-009")
        assert await names(admin_of(store), after="site-019") == ["site-029"]


class TestWhose:
    @pytest.mark.parametrize("outbox", ["nobody", "", "~", "~acme", "No Name", "~22/../acme", "a{b}"])
    async def test_an_outbox_that_cannot_be_is_not_touched(self, outbox: str) -> None:
        store = FakeStore(sites=("acme", "~acme", ""))
        admin = admin_of(store)
        with pytest.raises(OutboxNotFound):
            await admin.show(outbox)
        with pytest.raises(OutboxNotFound):
            await admin.events(outbox, Part.WAITING, ALL, at_most=1)
        with pytest.raises(OutboxNotFound):
            await admin.drop(outbox, Part.WAITING, ALL, dry_run=False)

        assert (store.sifted, store.looked) == ([], [])

    async def test_any_page_may_have_one(self) -> None:
        assert (await admin_of(FakeStore()).show("~22")).status.waiting == 0


class TestEvents:
    async def test_few_are_listed_at_once_and_without_what_they_say(self) -> None:
        store = FakeStore()
        with capture_logs() as logs:
            listing = await admin_of(store).events("acme", Part.DEAD, ALL, at_most=10_000)

        assert listing.go_on == "(5-1"
        assert store.looked == [("acme", Part.DEAD, ALL, outbox_admin.LIST_AT_MOST, False)]
        assert logs == []

    async def test_whoever_reads_what_they_say_is_written_down(self) -> None:
        with capture_logs() as logs:
            await admin_of(FakeStore()).events("acme", Part.WAITING, ALL, at_most=1, with_payload=True)

        assert [(line["event"], line["outbox"]) for line in logs] == [("payloads_read", "acme")]


class TestChanging:
    @pytest.mark.parametrize(
        ("part", "reason"), [(Part.WAITING, LossReason.DROPPED), (Part.DEAD, LossReason.DEAD_DROPPED)]
    )
    async def test_what_is_dropped_is_counted_and_written_down(self, part: Part, reason: LossReason) -> None:
        store, counter = FakeStore(), metrics.EVENTS_LOST.labels(reason.value)
        before = counter._value.get()
        with capture_logs() as logs:
            await admin_of(store).drop("acme", part, ALL, dry_run=False)

        assert store.sifted == [("acme", part, Action.DROP, ALL, "")]
        assert counter._value.get() - before == 3
        assert [(line["event"], line["action"], line["count"]) for line in logs] == [("events_sifted", "drop", 3)]

    async def test_a_dry_run_counts_and_nothing_else(self) -> None:
        store, counter = FakeStore(), metrics.EVENTS_LOST.labels("dropped")
        before, admin = counter._value.get(), admin_of(store)
        with capture_logs() as logs:
            await admin.drop("acme", Part.WAITING, ALL, dry_run=True)
            await admin.replay("acme", ALL, dry_run=True)
            await admin.set_aside("acme", ALL, dry_run=True)

        assert [action for _, _, action, _, _ in store.sifted] == [Action.COUNT] * 3
        assert (counter._value.get(), logs) == (before, [])

    async def test_where_nothing_was_chosen_nothing_is_written_down(self) -> None:
        store = FakeStore()
        store.chosen = 0
        with capture_logs() as logs:
            await admin_of(store).drop("acme", Part.WAITING, ALL, dry_run=False)

        assert logs == []

    async def test_dead_letters_are_replayed_and_waiting_events_set_aside_with_a_reason(self) -> None:
        store = FakeStore()
        admin, choice = admin_of(store), Choice(page_id="22")
        await admin.replay("acme", choice, dry_run=False)
        await admin.set_aside("~22", choice, dry_run=False)
        await admin.set_aside("~22", choice, dry_run=False, reason="the firewall")

        assert store.sifted == [
            ("acme", Part.DEAD, Action.MOVE, choice, ""),
            ("~22", Part.WAITING, Action.MOVE, choice, "set aside by an operator"),
            ("~22", Part.WAITING, Action.MOVE, choice, "set aside by an operator: the firewall"),
        ]


@pytest.mark.parametrize(
    ("outbox", "dry_run", "settled"),
    [
        pytest.param("~22", False, ["22"], id="an unclaimed page's go on to its site, if there is one"),
        pytest.param("~22", True, [], id="a dry run changes nothing"),
        pytest.param("acme", False, [], id="a site's are where they belong"),
    ],
)
async def test_replayed_dead_letters_go_where_somebody_takes_them(
    outbox: str,
    dry_run: bool,  # noqa: FBT001  a row
    settled: list[str],
) -> None:
    store, settling = FakeStore(), FakeSettling()
    await admin_of(store, settling).replay(outbox, ALL, dry_run=dry_run)

    assert settling.settled == settled
    assert len(store.sifted) == 1
