"""What echoes and receipts do to the state of a reply."""

import pytest

from onsite.core.model import ReceiptState
from onsite.core.sending import TRANSITIONS, SendState
from onsite.engine.settling import SETTLED, UNCONFIRMED, after_echo, further, receipt_step

S = SendState


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.QUEUED, S.SENT),
        (S.SENDING, S.SENT),
        (S.UNKNOWN, S.SENT),
        (S.SENT, S.SENT),
        (S.DELIVERED, S.DELIVERED),
        (S.READ, S.READ),
        (S.FAILED, S.SENT),
    ],
)
def test_an_echo_proves_that_the_platform_has_the_message(before: SendState, after: SendState) -> None:
    assert after_echo(before) is after


def test_every_state_is_covered_above() -> None:
    assert len(S) == 7


@pytest.mark.parametrize(
    ("receipt", "sources", "target"),
    [
        (ReceiptState.DELIVERED, {S.SENT}, S.DELIVERED),
        (ReceiptState.READ, {S.SENT, S.DELIVERED}, S.READ),
    ],
)
def test_a_receipt_moves_what_the_platform_has(
    receipt: ReceiptState, sources: set[SendState], target: SendState
) -> None:
    assert (set(receipt_step(receipt)[0]), receipt_step(receipt)[1]) == (sources, target)


@pytest.mark.parametrize("receipt", ReceiptState)
def test_no_receipt_moves_a_state_back_or_an_unconfirmed_message(receipt: ReceiptState) -> None:
    sources, target = receipt_step(receipt)

    assert not UNCONFIRMED & set(sources)
    assert all(
        (source, target) in {(before, after) for (before, _), after in TRANSITIONS.items()} for source in sources
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(S.SENT, S.READ, S.READ), (S.READ, S.SENT, S.READ), (S.FAILED, S.SENT, S.SENT), (S.SENT, S.SENT, S.SENT)],
)
def test_of_two_rows_of_one_message_the_further_one_counts(
    one: SendState, other: SendState, expected: SendState
) -> None:
    assert further(one, other) is expected


def test_settled_is_what_no_attempt_will_change() -> None:
    assert {S.QUEUED, S.SENDING} == set(S) - SETTLED
