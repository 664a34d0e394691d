"""Asks a site whether it takes others than the event it refuses. What its answers mean is in `core.suspects`."""

from collections.abc import Awaitable, Callable, Sequence

from relay.core.delivery import Decision, Verdict
from relay.core.outbox import Entry
from relay.core.suspects import WITNESSES, hear, no_witness
from relay.engine.ports import Batch, Step
from relay.engine.sending import Cut

Heard = tuple[Decision, Sequence[Entry]]
"""What is to be done, and with which events."""


async def hear_witnesses(
    fetch: Callable[[int], Awaitable[Batch | Step]],
    send: Callable[[Sequence[Entry]], Awaitable[Verdict | Cut]],
    *,
    suspect: str,
    reason: str,
    random: float,
) -> Heard | Step | Cut | None:
    """Send the events behind the suspect one by one until an answer decides; None when it is at the head no more."""
    batch = await fetch(1 + WITNESSES)
    if isinstance(batch, Step):
        return batch
    if batch.entries[0].id != suspect:
        return None  # an operator dropped it meanwhile, or a limit did
    suspects = [suspect]
    for number, witness in enumerate(batch.entries[1:], start=2):
        verdict = await send([witness])
        if isinstance(verdict, Cut):
            return verdict
        decision = hear(
            verdict, suspects=suspects, witness=witness.id, reason=reason, failures=batch.failures, random=random
        )
        if decision is not None:
            return decision, batch.entries[:number]
        suspects.append(witness.id)
    return no_witness(suspect=suspect, reason=reason, failures=batch.failures, random=random), ()
