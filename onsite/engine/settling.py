"""What is known of a reply after an echo or a receipt, beyond a single step of `onsite.core.sending`. Pure."""

from onsite.core.model import ReceiptState
from onsite.core.sending import TRANSITIONS, SendEvent, SendState, advance

UNCONFIRMED = frozenset({SendState.QUEUED, SendState.SENDING, SendState.UNKNOWN})
"""Nobody but the platform knows whether it has these."""

SETTLED = frozenset(SendState) - {SendState.QUEUED, SendState.SENDING}
"""No attempt is to come or under way."""

RECEIPT_EVENTS = {ReceiptState.DELIVERED: SendEvent.DELIVERED, ReceiptState.READ: SendEvent.READ}


def after_echo(state: SendState) -> SendState:
    """Return the state once an echo of the message came: the platform has it, whatever we believed.

    A message that waits for another attempt, or that failed, was taken by the one before, although that one looked like
    a failure.
    """
    if state is SendState.QUEUED:
        state = advance(state, SendEvent.STARTED)
    return TRANSITIONS.get((state, SendEvent.CONFIRMED), state)


def receipt_step(receipt: ReceiptState) -> tuple[tuple[SendState, ...], SendState]:
    """Return from which states a receipt moves a message, and to which.

    Unconfirmed messages stay: "all until then were read" speaks of what the platform has, and may not have them.
    """
    event = RECEIPT_EVENTS[receipt]
    moves = {state: after for (state, on), after in TRANSITIONS.items() if on is event and state not in UNCONFIRMED}
    (target,) = set(moves.values())
    return tuple(moves), target


def further(one: SendState, other: SendState) -> SendState:
    """Return the one of two confirmed states that lies further on the way."""
    order = (SendState.SENT, SendState.DELIVERED, SendState.READ)
    return max(one, other, key=lambda state: order.index(state) if state in order else -1)
