"""The alarm: tells the log and Prometheus what was lost, beside the counts that Redis keeps for good.

The first loss of an outbox is told at once. What follows for the same reason is summed up and told once in a while, as
a full outbox loses an event with each that comes, and a log that is flooded tells nobody anything.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from relay.core.limits import LOSS_WORDS, LossReason
from relay.engine import metrics
from shared.logs import get_logger

log = get_logger(__name__)

TELL_EVERY_S = 60.0

OnLoss = Callable[[str, Mapping[LossReason, int]], None]
"""Told the outbox, and how many events were just lost for which reason; an empty mapping where none was."""

Later = Callable[[float, Callable[[], None]], object]
"""Calls a function after so many seconds, as `loop.call_later`."""


def _call_later(delay_s: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay_s, call)


class LossAlarm:
    """Told of every loss that a script answered; fits OnLoss. One instance for each event loop."""

    def __init__(self, *, later: Later = _call_later) -> None:
        self._later = later
        self._untold: dict[str, Counter[LossReason]] = {}
        """What was lost since it was told last, by outbox; an outbox is in here for as long as its next line is due."""

    def __call__(self, outbox: str, lost: Mapping[LossReason, int]) -> None:
        """Count what was just lost, and tell it now or soon."""
        for reason, count in lost.items():
            metrics.EVENTS_LOST.labels(reason.value).inc(count)
        if not lost:
            return
        if outbox in self._untold:
            self._untold[outbox].update(lost)
        else:
            self._tell(outbox, lost)

    def close(self) -> None:
        """Tell what is not told yet: this process ends."""
        for outbox, lost in self._untold.items():
            _log(outbox, lost)
        self._untold.clear()

    def _tell(self, outbox: str, lost: Mapping[LossReason, int]) -> None:
        _log(outbox, lost)
        self._untold[outbox] = Counter()
        self._later(TELL_EVERY_S, lambda: self._tell_rest(outbox))

    def _tell_rest(self, outbox: str) -> None:
        lost = self._untold.pop(outbox, None)
        if lost:
            self._tell(outbox, lost)


def _log(outbox: str, lost: Mapping[LossReason, int]) -> None:
    for reason, count in lost.items():
        tell = log.warning if reason is LossReason.RECEIPTS else log.error
        tell("events_lost", outbox=outbox, count=count, reason=reason.value, meaning=LOSS_WORDS[reason])
