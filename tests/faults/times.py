"""The product's own waits, shortened where a history could not wait that long. Only `processes.relay` applies them.

There is no setting for these, as nobody who runs the relay should change them; so they are replaced before anything of
the product is imported that reads them. What is tested stays what it is: the same loops with shorter pauses. The lease,
the sweep and the patience with overdue probes keep the product's own times, unless a test says otherwise.
"""

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Times:
    """What is replaced."""

    ladder_s: tuple[float, ...] = (0.2, 0.5, 1.0, 1.0, 2.0, 2.0)
    """`core.backoff.LADDER_S`: 1 s to 10 min in the product."""
    answer_timeout_s: float = 9.0
    """`adapters.push_sessions.ANSWER_TIMEOUT_S`: 20 s in the product. Longer than the lease, which must be renewed."""
    lease_ttl_ms: int = 6_000
    """`core.lease.LEASE_TTL_MS`: the product's own."""
    renew_every_s: float = 2.0
    """`core.lease.RENEW_EVERY_S`: the product's own."""


_WHERE = (  # the pure modules first, as the others take their values when they are imported
    ("relay.core.backoff", "LADDER_S", "ladder_s"),
    ("relay.core.lease", "LEASE_TTL_MS", "lease_ttl_ms"),
    ("relay.core.lease", "RENEW_EVERY_S", "renew_every_s"),
)
_SESSIONS = ("relay.adapters.push_sessions", "PushSessions.__init__.__kwdefaults__", "answer_timeout_s")


def apply(times: Times) -> None:
    """Put the times into the product's modules of this process."""
    for module, name, field in _WHERE:
        replace(module, name, getattr(times, field))
    module, defaults, argument = _SESSIONS
    given = find(module, defaults)
    if argument not in given:
        raise AttributeError(f"{defaults} has no {argument} any more")
    replace(module, defaults, given | {argument: times.answer_timeout_s})


def replace(module: str, path: str, value: Any) -> None:
    """Replace a name of a module, or `Class.method`. Raises AttributeError when there is no such thing any more."""
    find(module, path)
    *owners, name = path.split(".")
    setattr(find(module, ".".join(owners)), name, value)


def find(module: str, path: str) -> Any:
    """Return what a name of a module, `Class.method`, or nothing stands for. Raises AttributeError."""
    found: Any = importlib.import_module(module)
    for name in filter(None, path.split(".")):
        found = getattr(found, name)
    return found
