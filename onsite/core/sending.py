"""What becomes of a message that we send: its states, and what an attempt can end in. Decisions only, no I/O.

    queued ──▶ sending ──▶ sent ──▶ delivered ──▶ read
                  │ │
                  │ └────▶ unknown ──▶ sent (an echo, or an operator, settles it) | failed (an operator)
                  └──────▶ failed(reason) ──▶ sent (an echo proves it)

`queued` is stored before anything is sent. `sending` is stored before the request leaves, so that after a crash
everything found in `sending` is known to be unknown. A throttled attempt goes back from `sending` to `queued`: the
platform said that nothing happened. Nothing else ever goes back, and nothing unknown is sent again blindly, because
neither platform has an idempotency key.

`failed` is what we believe (the platform refused, or an operator saw nothing arrive); an echo is the platform's proof
that the customer has the message. Belief gives way to proof: who reads `failed` writes again, and the customer would
have it twice. That is no step back, as nothing leads from `sent` to `failed`.
"""

from dataclasses import dataclass
from enum import StrEnum


class SendState(StrEnum):
    """Where an outgoing message stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SendEvent(StrEnum):
    """What can happen to it."""

    STARTED = "started"
    CONFIRMED = "confirmed"
    """The platform answered with its id, an echo carried our id, or an operator saw that it arrived."""
    REFUSED = "refused"
    LOST = "lost"
    """No answer, or one that does not tell whether the message went out; also: found in `sending` at start."""
    POSTPONED = "postponed"
    DELIVERED = "delivered"
    READ = "read"


_S, _E = SendState, SendEvent

TRANSITIONS: dict[tuple[SendState, SendEvent], SendState] = {
    (_S.QUEUED, _E.STARTED): _S.SENDING,
    (_S.QUEUED, _E.REFUSED): _S.FAILED,
    (_S.SENDING, _E.CONFIRMED): _S.SENT,
    (_S.SENDING, _E.REFUSED): _S.FAILED,
    (_S.SENDING, _E.LOST): _S.UNKNOWN,
    (_S.SENDING, _E.POSTPONED): _S.QUEUED,
    (_S.SENDING, _E.DELIVERED): _S.DELIVERED,
    (_S.SENDING, _E.READ): _S.READ,
    (_S.UNKNOWN, _E.CONFIRMED): _S.SENT,
    (_S.UNKNOWN, _E.REFUSED): _S.FAILED,
    (_S.UNKNOWN, _E.DELIVERED): _S.DELIVERED,
    (_S.UNKNOWN, _E.READ): _S.READ,
    (_S.FAILED, _E.CONFIRMED): _S.SENT,
    (_S.SENT, _E.DELIVERED): _S.DELIVERED,
    (_S.SENT, _E.READ): _S.READ,
    (_S.DELIVERED, _E.READ): _S.READ,
}


class UnexpectedSendEvent(ValueError):
    """The state does not know this event; nothing changes."""


def advance(state: SendState, event: SendEvent) -> SendState:
    """Return the state after `event`. Raises UnexpectedSendEvent for a pair that is not in the table."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise UnexpectedSendEvent(f"a message that is {state} cannot become what '{event}' says") from None


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took the message."""

    platform_id: str
    """`mid`, or Telegram's `message_id`; `<chat id>:<message id>` where another chat took it than the one addressed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform did not take it and never will, as it stands."""

    code: str
    """For programs: `window_closed`, `blocked`, `token_invalid`, …"""
    sentence: str
    """For operators: what happened and what to do."""
    channel_broken: bool = False
    """Whether the whole channel is concerned (token dead, permission missing) rather than this one message."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows whether the platform took it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """The platform took nothing now and asks to come back, or was not reached at all."""

    retry_after_s: float
    sentence: str


SendOutcome = Sent | Refused | Lost | Postponed
