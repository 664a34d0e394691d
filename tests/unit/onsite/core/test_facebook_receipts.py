"""Receipts of Messenger and of Instagram."""

from typing import Any

import pytest

from onsite.core.model import (
    ReceiptFact,
    ReceiptState,
)
from tests.samples.messenger import (
    SENT_AT_MS,
    translate,
    translate_event,
)
from tests.samples.reading import FACEBOOK_CUSTOMER as CUSTOMER


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        pytest.param(
            "delivery",
            ReceiptFact(CUSTOMER, ReceiptState.DELIVERED, ("m_a", "m_b"), 1_760_000_000_000),
            id="a delivery, which has no time of its own",
        ),
        pytest.param(
            "delivery_without_mids",
            ReceiptFact(CUSTOMER, ReceiptState.DELIVERED, (), 1_760_000_000_000),
            id="a delivery of all until the watermark",
        ),
        pytest.param("read", ReceiptFact(CUSTOMER, ReceiptState.READ, (), 1_760_000_000_000), id="a read watermark"),
        pytest.param(
            "read_of_one_message", ReceiptFact(CUSTOMER, ReceiptState.READ, ("m_seen",)), id="Instagram's read"
        ),
    ],
)
def test_a_receipt_says_how_far_our_messages_got(name: str, fact: ReceiptFact) -> None:
    assert translate(f"messaging/{name}").facts == (fact,)


@pytest.mark.parametrize("content", [{}, {"mids": [None, {}], "watermark": "soon"}])
def test_a_receipt_that_says_nothing_states_no_fact(content: dict[str, Any]) -> None:
    assert translate_event(delivery=content).facts == ()


def test_a_receipt_without_a_customer_states_no_fact() -> None:
    assert translate_event(sender=None, read={"watermark": SENT_AT_MS}).facts == ()
