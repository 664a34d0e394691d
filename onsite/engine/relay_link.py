"""What is known of the relay: the last reading, and when. For those who show it; only the announcer writes."""

from onsite.core.relay_answers import OFF, UNCHECKED, RelayReading, RelayState
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

_IN_ORDER = frozenset({RelayState.UP, RelayState.UNCHECKED, RelayState.OFF})
_TAKEN = frozenset({RelayState.UP, RelayState.PARKED})
"""What the relay may answer to an announcement that it has taken."""


class RelayLink:
    """The relay as this site sees it. Times are milliseconds since 1970, None where there was none."""

    def __init__(self, *, asked: bool, clock: Clock) -> None:
        """`asked` says whether anybody asks the relay at all."""
        self._clock = clock
        self.reading: RelayReading = UNCHECKED if asked else OFF
        self.checked_at_ms: int | None = None
        """When it last answered, or failed to."""
        self.announced_at_ms: int | None = None
        """When it last took an announcement."""

    def note(self, reading: RelayReading, *, announced: bool) -> None:
        """Keep what a call told; a new state is logged, the same again is not."""
        now_ms = int(self._clock() * 1000)
        taken = announced and reading.state in _TAKEN
        if reading.state is not self.reading.state:
            say = log.info if taken or reading.state in _IN_ORDER else log.warning
            say("relay_state", state=reading.state.value, was=self.reading.state.value, sentence=reading.sentence)
        self.reading, self.checked_at_ms = reading, now_ms
        if taken:
            self.announced_at_ms = now_ms
            log.info("site_announced", waiting=reading.waiting)
