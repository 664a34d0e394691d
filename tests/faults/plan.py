"""The plan of one history, as data: who writes what when, and what is done to whom. It can be printed and replayed.

All times are seconds since the start of the traffic. A plan names processes and sites; ports, folders and secrets are
the runner's business, so that a plan is the same wherever it runs.
"""

from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.fates import Fate, marked
from tests.faults.kinds import FaultKind
from tests.faults.times import Times


@dataclass(frozen=True, slots=True)
class SitePlan:
    """One site."""

    name: str
    real: bool
    """The on-site client itself, rather than a light site."""
    announces: bool = False
    """Whether a light site tells the relay when it is back; the on-site client does what it does."""


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One page."""

    id: str
    site: str
    """The site it is bound to from the start; empty for a page that is bound later."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One customer's conversation with a page."""

    id: str
    page: str
    customer: str
    patient: bool
    """Whether each of its bodies is sent only after the 200 of the one before."""
    fate: Fate = Fate.TAKEN


@dataclass(frozen=True, slots=True)
class Part:
    """Events of one conversation within a body, numbered from `first`."""

    conversation: str
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Body:
    """One webhook body."""

    at_s: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One fault."""

    at_s: float
    kind: FaultKind
    target: str
    for_s: float
    value: str = ""
    """What the kind needs beyond that: seconds for a slow site, the new site of a page."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One history."""

    seed: int
    size: str
    seconds: float
    """How long the traffic lasts."""
    times: Times
    relays: int
    workers: int
    processes: int
    """Web processes of the first relay; the others have one."""
    sites: tuple[SitePlan, ...]
    pages: tuple[PagePlan, ...]
    conversations: tuple[Conversation, ...]
    bodies: tuple[Body, ...]
    steps: tuple[Step, ...]

    @property
    def events(self) -> int:
        """How many events are sent."""
        return sum(part.count for body in self.bodies for part in body.parts)

    @property
    def command(self) -> str:
        """The command that replays this very history."""
        size = "" if self.size == "full" else f" --size {self.size}"
        return f"python -m tests.faults --seed {self.seed}{size}"

    def as_json(self) -> dict[str, Any]:
        """Return everything, for printing."""
        return asdict(self)


def relay_name(index: int) -> str:
    """Name a web process."""
    return f"relay-{index}"


def worker_name(index: int) -> str:
    """Name a worker."""
    return f"worker-{index}"


REDIS = "redis"
"""The name of the one Redis."""


def mid_of(seed: int, conversation: Conversation, number: int) -> str:
    """Name an event."""
    return marked(f"m_{seed}.{conversation.id}.{number}", conversation.fate)
