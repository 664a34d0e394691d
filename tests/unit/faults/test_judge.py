"""The judge: each broken promise is named, and what is no breach is not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.faults.judge import GRACE_S, STARTING_S, ZOMBIE_S, Wrong, judge
from tests.faults.kinds import FaultKind
from tests.faults.ledger import Ending, Fault, Ledger, Ownership, Push, Sent, Stored

PAGE, SITE, OTHER = "1", "acme", "beta"
ALWAYS = float("inf")
OWNED = (Ownership(PAGE, SITE, -ALWAYS, ALWAYS),)


def sent(
    mid: str,
    at: float,
    accepted_at: float | None,
    *,
    page: str = PAGE,
    body: int | None = None,
    place: int = 0,
    attempts: int = 1,
    wanted: bool = True,
) -> Sent:
    """Write an event; its body has no other unless it is given."""
    number = hash(mid) if body is None else body
    return Sent(mid, page, "c", number, place, wanted, at, attempts, accepted_at)


def stored(*mids: str, site: str = SITE) -> list[Stored]:
    """Write a site's rows in this order."""
    return [Stored(site, mid, 10.0 + place) for place, mid in enumerate(mids)]


def push(began_at: float, ended_at: float, *ids: str, taken: bool = True, site: str = SITE) -> Push:
    """Write a push of events whose mid is the letter of their id: `a2` is the second copy of `a`."""
    return Push(site, began_at, ended_at, [(each, each[0]) for each in ids], taken)


def fault(kind: FaultKind, began_at: float, ended_at: float, target: str = SITE) -> Fault:
    """Write a fault."""
    return Fault(kind, target, began_at, ended_at)


A, B = sent("a", 0.0, 1.0), sent("b", 2.0, 3.0)
FINE = Ledger(sent=[A, B], stored=stored("a", "b"), ownerships=OWNED)


def wrongs(ledger: Ledger) -> list[Wrong]:
    """Return what is wrong, in words."""
    return [violation.wrong for violation in judge(ledger)]


def test_a_history_in_which_all_went_well_is_fine() -> None:
    assert judge(FINE) == []


class TestLost:
    def test_what_got_its_200_and_is_nowhere_is_lost(self) -> None:
        violations = judge(replace(FINE, stored=stored("a")))

        assert [violation.wrong for violation in violations] == [Wrong.LOST]
        assert "b of page 1" in violations[0].sentence

    def test_what_never_got_its_200_is_not_lost_but_unanswered(self) -> None:
        assert wrongs(replace(FINE, sent=[A, sent("b", 2.0, None)], stored=stored("a"))) == [Wrong.UNANSWERED]

    def test_what_still_waits_is_stuck_rather_than_lost(self) -> None:
        assert wrongs(replace(FINE, stored=stored("a"), waiting={SITE: 1})) == [Wrong.STUCK]


class TestOnce:
    def test_two_rows_at_one_site_are_a_duplicate_however_often_it_was_sent(self) -> None:
        ledger = replace(FINE, sent=[replace(A, attempts=9), B], stored=stored("a", "a", "b"))

        assert wrongs(ledger) == [Wrong.DUPLICATED]

    @pytest.mark.parametrize(
        ("attempts", "expected"),
        [pytest.param(1, [Wrong.DUPLICATED], id="sent once"), pytest.param(2, [], id="sent twice, rebound between")],
    )
    def test_two_sites_may_have_it_only_if_it_was_sent_twice(self, attempts: int, expected: Sequence[Wrong]) -> None:
        ledger = Ledger(
            sent=[replace(A, attempts=attempts)],
            stored=[*stored("a"), *stored("a", site=OTHER)],
            ownerships=[Ownership(PAGE, SITE, -ALWAYS, 0.8), Ownership(PAGE, OTHER, 0.2, ALWAYS)],
        )

        assert wrongs(ledger) == expected


class TestOrder:
    @pytest.mark.parametrize(
        ("rows", "events", "expected"),
        [
            pytest.param("ba", [A, B], [Wrong.OUT_OF_ORDER], id="accepted before the other was sent"),
            pytest.param("ba", [A, sent("b", 0.5, 3.0)], [], id="both under way at once"),
            pytest.param("ba", [A, sent("b", 1.0, 3.0)], [], id="sent in the moment of the 200"),
            pytest.param(
                "bca",
                [A, sent("b", 0.5, 9.0), sent("c", 2.0, 3.0)],
                [Wrong.OUT_OF_ORDER],
                id="overtaken by the next but one",
            ),
            pytest.param("ba", [A, sent("b", 2.0, 3.0, page="2")], [], id="of another page"),
        ],
    )
    def test_nothing_overtakes_what_had_its_200(
        self, rows: str, events: Sequence[Sent], expected: Sequence[Wrong]
    ) -> None:
        owned = [*OWNED, Ownership("2", SITE, -ALWAYS, ALWAYS)]

        assert wrongs(Ledger(sent=events, stored=stored(*rows), ownerships=owned)) == expected

    def test_a_body_keeps_its_order_although_all_of_it_was_accepted_at_once(self) -> None:
        body = [sent("a", 0.0, 1.0, body=7, place=0), sent("b", 0.0, 1.0, body=7, place=1)]

        assert wrongs(Ledger(sent=body, stored=stored("b", "a"), ownerships=OWNED)) == [Wrong.OUT_OF_ORDER]

    def test_the_order_is_each_sites_own(self) -> None:
        """After a move to another site, nothing can be said of events at the one and the other."""
        ledger = Ledger(
            sent=[A, B],
            stored=[*stored("b", site=OTHER), *stored("a")],
            ownerships=[Ownership(PAGE, SITE, -ALWAYS, 2.0), Ownership(PAGE, OTHER, 1.5, ALWAYS)],
        )

        assert wrongs(ledger) == []


class TestStrays:
    def test_a_site_that_does_not_own_the_page_must_not_have_its_events(self) -> None:
        assert wrongs(replace(FINE, stored=[*stored("a"), *stored("b", site=OTHER)])) == [Wrong.STRAY]

    def test_what_nobody_sent_must_be_nowhere(self) -> None:
        assert wrongs(replace(FINE, stored=stored("a", "b", "x"))) == [Wrong.STRAY]

    @pytest.mark.parametrize(
        ("since", "attempts", "expected"),
        [
            pytest.param(0.9, 1, [], id="freed while it was accepted"),
            pytest.param(1.1, 1, [Wrong.STRAY], id="freed after it was accepted"),
            pytest.param(1.1, 2, [], id="a forgotten attempt was still at work"),
            pytest.param(1.1 + ZOMBIE_S, 2, [Wrong.STRAY], id="no attempt lives that long"),
        ],
    )
    def test_the_next_owner_gets_what_was_accepted_since_the_page_was_free(
        self, since: float, attempts: int, expected: Sequence[Wrong]
    ) -> None:
        ledger = Ledger(
            sent=[replace(A, attempts=attempts)],
            stored=stored("a", site=OTHER),
            ownerships=[Ownership(PAGE, OTHER, since, ALWAYS)],
        )

        assert wrongs(ledger) == expected


KILL = FaultKind.RELAY_KILLED


class TestRepeats:
    """A batch that its site has answered for comes again only where the answer may not have been heard."""

    @pytest.mark.parametrize(
        ("faults", "expected"),
        [
            pytest.param([], [Wrong.REPEATED], id="nothing happened"),
            pytest.param([fault(KILL, 10.5, 10.6, "relay-0")], [], id="a relay was killed meanwhile"),
            pytest.param([fault(KILL, 1.0, 10.0 - GRACE_S - 0.1, "relay-0")], [Wrong.REPEATED], id="long before"),
            pytest.param([fault(KILL, 12.1, 13.0, "relay-0")], [Wrong.REPEATED], id="only afterwards"),
            pytest.param([fault(FaultKind.SITE_KILLED, 10.5, 10.6)], [], id="the site itself was killed"),
            pytest.param([fault(FaultKind.SITE_KILLED, 10.5, 10.6, OTHER)], [Wrong.REPEATED], id="another site was"),
            pytest.param([fault(FaultKind.SITE_SLOW, 9.0, 13.0)], [Wrong.REPEATED], id="it was slow"),
            pytest.param([fault(FaultKind.RELAY_RESTARTED, 10.5, 10.6)], [Wrong.REPEATED], id="a relay was stopped"),
        ],
    )
    def test_a_receipt_is_final(self, faults: Sequence[Fault], expected: Sequence[Wrong]) -> None:
        pushes = [push(10.0, 11.0, "a1"), push(12.0, 12.1, "a1", "b1")]

        assert wrongs(replace(FINE, pushes=pushes, faults=faults)) == expected

    def test_what_was_not_answered_with_a_receipt_has_to_come_again(self) -> None:
        assert wrongs(replace(FINE, pushes=[push(10.0, 11.0, "a1", taken=False), push(12.0, 12.1, "a1")])) == []

    @pytest.mark.parametrize(
        ("attempts", "expected"),
        [pytest.param(1, [Wrong.REPEATED], id="sent once"), pytest.param(2, [], id="sent twice")],
    )
    def test_an_outbox_holds_an_event_as_often_as_it_was_sent(self, attempts: int, expected: Sequence[Wrong]) -> None:
        pushes = [push(10.0, 10.1, "a1"), push(12.0, 12.1, "a2")]

        assert wrongs(replace(FINE, sent=[replace(A, attempts=attempts), B], pushes=pushes)) == expected


class TestOverlap:
    @pytest.mark.parametrize(
        ("pushes", "faults", "expected"),
        [
            pytest.param([push(10, 11, "a1"), push(11, 12, "b1")], [], [], id="one after the other"),
            pytest.param([push(10, 12, "a1"), push(11, 13, "b1")], [], [Wrong.OVERLAPPING], id="at once"),
            pytest.param([push(10, 12, "a1"), push(11, 13, "b1", site=OTHER)], [], [], id="at two sites"),
            pytest.param(
                [push(10, 19, "a1"), push(18, 20, "b1")],
                [fault(FaultKind.RELAY_PAUSED, 10.5, 17.5, "relay-0")],
                [],
                id="a relay was paused, lost its lease, and woke up",
            ),
            pytest.param(
                [push(10, 19, "a1"), push(20, 22, "b1"), push(21, 22, "c1")],
                [fault(FaultKind.RELAY_PAUSED, 10.5, 17.5, "relay-0")],
                [Wrong.OVERLAPPING],
                id="and it goes on as if nothing had been",
            ),
            pytest.param(
                [push(10, 15, "a1"), push(11, 12, "b1", taken=False), push(13, 14, "c1")],
                [],
                [Wrong.OVERLAPPING, Wrong.OVERLAPPING],
                id="the longest one counts",
            ),
        ],
    )
    def test_one_batch_is_under_way_at_a_time(
        self, pushes: Sequence[Push], faults: Sequence[Fault], expected: Sequence[Wrong]
    ) -> None:
        events = [A, B, sent("c", 0.0, 9.0)]
        ledger = Ledger(sent=events, stored=stored("a", "b", "c"), ownerships=OWNED, pushes=pushes, faults=faults)

        assert wrongs(ledger) == expected


class TestRefusedForGood:
    def test_it_must_be_kept(self) -> None:
        refused = sent("x", 0.0, 1.0, wanted=False)

        assert wrongs(Ledger(sent=[refused], dead={SITE: frozenset()})) == [Wrong.NOT_KEPT]
        assert wrongs(Ledger(sent=[refused], dead={SITE: frozenset("x")})) == []

    def test_what_is_wanted_must_not_be_among_it(self) -> None:
        assert wrongs(replace(FINE, dead={SITE: frozenset("a")})) == [Wrong.KEPT_WRONGLY]


class TestProcesses:
    @pytest.mark.parametrize(
        ("lived_s", "faults", "expected"),
        [
            pytest.param(1.0, [], [Wrong.ENDED], id="for no reason"),
            pytest.param(1.0, [fault(FaultKind.REDIS_KILLED, 0.0, 9.0, "redis")], [], id="refused to start"),
            pytest.param(1.0, [fault(KILL, 0.0, 9.0, "relay-0")], [Wrong.ENDED], id="another relay was killed"),
            pytest.param(
                STARTING_S + 1, [fault(FaultKind.REDIS_KILLED, 0.0, 99.0, "redis")], [Wrong.ENDED], id="gave up"
            ),
        ],
    )
    def test_a_process_ends_by_itself_only_while_it_cannot_start(
        self, lived_s: float, faults: Sequence[Fault], expected: Sequence[Wrong]
    ) -> None:
        ending = Ending("relay-1", started_at=5.0, ended_at=5.0 + lived_s, exit_code=1)

        assert wrongs(replace(FINE, endings=[ending], faults=faults)) == expected

    def test_an_error_in_the_log_and_a_wrong_signature_are_told(self) -> None:
        assert wrongs(replace(FINE, faulty_logs=["drain_failed"], bad_signatures=2)) == [
            Wrong.FAILED,
            Wrong.BAD_SIGNATURE,
        ]
