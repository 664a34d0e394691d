"""What is written down of one history, and judged afterwards. Values only.

Times are seconds of `time.monotonic`, which on Linux is one clock for all processes of a machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.kinds import NATURES, SHARED_AIMS, FaultKind


@dataclass(frozen=True, slots=True)
class Sent:
    """One event, as its sender knows it."""

    mid: str
    page: str
    conversation: str
    body: int
    """The webhook body that carried it; several events may share one."""
    place: int
    """Where in the body it stood."""
    wanted: bool
    """False for an event that its site refuses for good."""
    first_sent_at: float
    attempts: int
    """How often its body was sent."""
    acknowledged_at: float | None
    """When the sender had read the first 200; None when there was none."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of a site's inbox. Rows stand in the order in which they were committed."""

    site: str
    mid: str
    at: float | None
    """When it was committed, as closely as is known."""


@dataclass(frozen=True, slots=True)
class Push:
    """One request of the relay's to a light site, as the site saw it."""

    site: str
    began_at: float
    ended_at: float
    """When it was answered, given up by the relay, or cut off by the site's death."""
    events: Sequence[tuple[str, str]]
    """Outbox id and mid of each event it carried."""
    taken: bool
    """Whether it was answered with a receipt."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that was injected."""

    kind: FaultKind
    target: str
    began_at: float
    ended_at: float
    """When it was taken back: the process started again, the site told to behave."""

    @property
    def excuses(self) -> bool:
        """Whether a batch may come twice, or two be under way at once, because of it."""
        return NATURES[self.kind].excuses

    def concerns(self, site: str) -> bool:
        """Whether deliveries to this site may feel it."""
        return NATURES[self.kind].aim in SHARED_AIMS or self.target == site


@dataclass(frozen=True, slots=True)
class Ownership:
    """That a site may get a page's events which were accepted within a time."""

    page: str
    site: str
    since: float
    """When the page was last free to go there: the start of the unbind before, or of the history.

    Always that of the history for a page that was handed over: what waited for its old site goes with it.
    """
    until: float
    """When its unbind or its handing over was confirmed; infinite when it was neither."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A process of the product that ended without having been told to."""

    name: str
    started_at: float
    ended_at: float
    exit_code: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that is known of a history."""

    sent: Sequence[Sent] = ()
    stored: Sequence[Stored] = ()
    pushes: Sequence[Push] = ()
    faults: Sequence[Fault] = ()
    ownerships: Sequence[Ownership] = ()
    refused: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Site → mids that it refused for good."""
    dead: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Site → mids among its dead letters at the relay."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """Outbox → how many events it still held at the end; empty ones are left out."""
    endings: Sequence[Ending] = ()
    faulty_logs: Sequence[str] = ()
    """What the relay's processes logged as errors: an engine that failed where it should have coped."""
    bad_signatures: int = 0
    """Pushes whose signature a light site found wrong."""

    @property
    def accepted(self) -> Sequence[Sent]:
        """Return the events that got their 200."""
        return [event for event in self.sent if event.acknowledged_at is not None]
