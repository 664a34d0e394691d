"""Which of our replies without the platform's id was found in a conversation that was read. Decisions only: no store.

Such a reply is unknown, or an operator said that it arrived.

Reading does not tell our correlation, so words and time must do. The rule: where more than one of either could be
meant, none is. Should somebody of the page have said the same words in another program within those minutes, and ours
never arrived, then the customer has them once all the same, which is what `sent` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from onsite.core.sending import SendState

CLOCKS_APART_MS = 120_000
"""By how much this machine's clock may be ahead of Facebook's: from more on, operators are warned."""
SENT_WITHIN_MS = 20 * 60_000
"""How long after a reply was written it may still have been sent: all attempts take a quarter of an hour."""

_UNSETTLED = frozenset({SendState.QUEUED, SendState.SENDING, SendState.FAILED})
"""An answer or an operator has the word: such a reply is never recognised, but another one may be taken for it."""


@dataclass(frozen=True, slots=True)
class OwnReply:
    """A reply of ours that no id of the platform's is known of."""

    id: int
    conversation_id: int
    text: str
    state: SendState
    written_at_ms: int


@dataclass(frozen=True, slots=True)
class FoundReply:
    """Something that the page's side said, which is none of our replies that have an id."""

    key: str
    conversation_id: int
    text: str
    at_ms: int
    """A whole second."""


def recognised(found: Sequence[FoundReply], ours: Sequence[OwnReply]) -> dict[tuple[int, str], int]:
    """Return the replies that were certainly found, by conversation and the platform's id."""
    pairs = [(one, reply) for one in found for reply in ours if _may_be(one, reply)]
    return {
        (one.conversation_id, one.key): reply.id
        for one, reply in pairs
        if reply.state not in _UNSETTLED
        and [each for each, _ in pairs].count(one) == 1
        and [each for _, each in pairs].count(reply) == 1
    }


def _may_be(found: FoundReply, reply: OwnReply) -> bool:
    if found.conversation_id != reply.conversation_id or found.text.strip() != reply.text.strip():
        return False
    return reply.written_at_ms - CLOCKS_APART_MS <= found.at_ms <= reply.written_at_ms + SENT_WITHIN_MS
