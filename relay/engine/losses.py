"""The alarm: tells the log and Prometheus what was lost, beside the counts that Redis keeps for good.

The first loss of an outbox for a reason is told at once. What follows for the same reason is summed up and told once in
a while, as a full outbox loses an event with each that comes, and a log that is flooded tells nobody anything.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

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


class _Loss(NamedTuple):
    outbox: str
    reason: LossReason


class LossAlarm:
    """Told of every loss that a script answered; fits OnLoss. One instance for each event loop."""

    def __init__(self, *, later: Later = _call_later) -> None:
        self._later = later
        self._untold: dict[_Loss, int] = {}
        """What was lost since it was told last; a loss is in here for as long as its next line is due."""

    def __call__(self, outbox: str, lost: Mapping[LossReason, int]) -> None:
        """Count what was just lost, and tell it now or soon."""
        for reason, count in lost.items():
            metrics.EVENTS_LOST.labels(reason.value).inc(count)
            loss = _Loss(outbox, reason)
            if loss in self._untold:
                self._untold[loss] += count
            else:
                self._tell(loss, count)

    def close(self) -> None:
        """Tell what is not told yet: this process ends."""
        for loss, count in self._untold.items():
            _log(loss, count)
        self._untold.clear()

    def _tell(self, loss: _Loss, count: int) -> None:
        _log(loss, count)
        self._untold[loss] = 0
        self._later(TELL_EVERY_S, lambda: self._tell_rest(loss))

    def _tell_rest(self, loss: _Loss) -> None:
        count = self._untold.pop(loss, 0)
        if count:
            self._tell(loss, count)


def _log(loss: _Loss, count: int) -> None:
    if count:
        tell = log.warning if loss.reason is LossReason.RECEIPTS else log.error
        words = LOSS_WORDS[loss.reason]
        tell("events_lost", outbox=loss.outbox, count=count, reason=loss.reason.value, meaning=words)
