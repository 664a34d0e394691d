"""One event that its site refuses again and again: whether the event is to blame, or the site. Decisions only.

A filter in front of a site may dislike what one customer wrote, and answer 400 or 403 to every batch that carries it:
for ever, as nothing overtakes. An event is set aside as a dead letter when, and only when, all of this is so:

- it came alone, and was refused by a 4xx about its content, `core.delivery.SUSPECT_AFTER` times in as many attempts;
- then at once an event behind it, its *witness*, also alone, was taken with a receipt.

So a site that is away, broken (5xx), slow, wrongly addressed or has another secret loses nothing: it takes no witness
either, and everything waits. Where nothing waits behind the event there is no witness, and nothing that it holds up.

A customer who is not answered says it again, so the next events may be refused as well: they become suspects, too, and
the next is called, up to WITNESSES. All suspects in front of the one that is taken are set aside, as they were refused
alone and in the very moment in which it was not. Order holds: what is set aside is no longer in the row.
"""

from collections.abc import Sequence

from relay.core import backoff
from relay.core.delivery import Acknowledge, Delivered, Failed, Gone, Park, Pause, Refused, TooLarge, Verdict, decide
from shared.wire import Rejection

WITNESSES = 4
"""How many events behind a suspect are tried: a request each, whenever a site that refuses everything is probed."""


def hear(
    verdict: Verdict, *, suspects: Sequence[str], witness: str, reason: str, failures: int, random: float
) -> Acknowledge | Park | Pause | None:
    """Say what a verdict on one witness means for the events before it; None: it is a suspect, too, call the next."""
    match verdict:
        case Delivered():
            own = decide(verdict, event_ids=[witness], failures=failures, random=random)
            rejected = own.rejected if isinstance(own, Acknowledge) else ()
            return Acknowledge([*(Rejection(each, _why(reason)) for each in suspects), *rejected])
        case Refused() | TooLarge():
            return None
        case Gone():
            return Pause("410: the site answered that it wants no more events")
        case Failed(why, retry_after_s):
            delay_s = backoff.delay_s(failures + 1, random=random, retry_after_s=retry_after_s)
            return Park(delay_s, why)


def no_witness(*, suspect: str, reason: str, failures: int, random: float) -> Park:
    """Say what happens when nobody could be asked, or all were refused: the site is to blame as far as we know."""
    return Park(backoff.delay_s(failures + 1, random=random), reason, refused=suspect)


def _why(reason: str) -> str:
    return f"refused again and again, while others were taken: {reason}"
