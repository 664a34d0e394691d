"""Judges what a Redis tells of itself: can this release use it, does it keep what it is given, is its clock right.

What a server does not tell, as most managed ones hide their configuration, is left open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.checks import Check, failed, passed, warned

NEEDED = (6, 2)
"""What the relay's commands need, and RQ's: https://redis.io/docs/latest/commands/ names the version of each."""
CLOCKS_DIFFER_S = 5.0
"""Events are numbered, aged and retried by Redis' clock; from here on, what an operator is shown is off as well."""

AWAY = "is it running, and is the address right? Its own log says more"
UPGRADE = "upgrade it: the relay uses commands that older ones lack"
KEEP = "set `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction` on every server of it"
SYNC = "set `appendfsync always` where that second matters"
HIDDEN = "ask whoever runs it: it needs `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`"
CLOCK = "let NTP keep both machines' clocks right"


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What one server told."""

    name: str
    version: str
    config: Mapping[str, str] = field(default_factory=dict)
    """`appendonly`, `appendfsync`, `maxmemory-policy`, as far as it told."""
    ahead_s: float = 0.0
    """How far its clock is ahead of ours."""
    replicas: int = 0
    """How many follow it now."""
    is_replica: bool = False


def persistence_problems(config: Mapping[str, str]) -> list[str]:
    """Name what in a configuration breaks the promise behind our 200; what the server does not tell is left open."""
    problems = []
    if config.get("appendonly", "yes") != "yes":
        problems.append("`appendonly` is not `yes`: a restart loses events")
    if config.get("maxmemory-policy", "noeviction") != "noeviction":
        problems.append(
            f"`maxmemory-policy` is `{config['maxmemory-policy']}`, not `noeviction`: full memory loses events"
        )
    if config.get("appendfsync") == "no":
        problems.append("`appendfsync` is `no`: a power cut loses what the system had not yet written")
    return problems


def judge_servers(servers: Sequence[RedisFacts], *, wait_replicas: int) -> list[Check]:
    """Judge the servers that may have to keep events."""
    return [
        judge_version("Redis", servers),
        _judge_persistence(servers),
        *([_judge_replicas(servers, wait_replicas)] if wait_replicas else []),
        _judge_clock(servers),
    ]


def judge_version(name: str, servers: Sequence[RedisFacts]) -> Check:
    """Say whether every server is new enough."""
    old = [each for each in servers if _release(each.version) < NEEDED]
    told = ", ".join(f"{each.name} is {each.version or 'of an unknown version'}" for each in old or servers)
    if old:
        return failed(f"{name} version", f"{told}; {NEEDED[0]}.{NEEDED[1]} or newer is needed", UPGRADE)
    return passed(f"{name} version", told)


def _judge_persistence(servers: Sequence[RedisFacts]) -> Check:
    name = "Redis persistence"
    problems = [f"{each.name}: {problem}" for each in servers for problem in persistence_problems(each.config)]
    if problems:
        return failed(name, "; ".join(problems), KEEP)
    if hidden := [each.name for each in servers if "appendfsync" not in each.config]:
        return warned(name, f"{', '.join(hidden)} does not tell how it is configured", HIDDEN)
    if late := [each.name for each in servers if each.config["appendfsync"] != "always"]:
        return warned(name, f"{', '.join(late)} writes to disk once a second: a power cut can lose that second", SYNC)
    return passed(name, "every event is on disk before Facebook gets its 200, and none is evicted")


def _judge_replicas(servers: Sequence[RedisFacts], wanted: int) -> Check:
    name = "Redis replicas"
    here = max((each.replicas for each in servers if not each.is_replica), default=0)
    if here < wanted:
        remedy = "start the replicas, or lower RELAY_REDIS_WAIT_REPLICAS: until then webhooks get 503"
        return failed(name, f"{here} follow the master, and RELAY_REDIS_WAIT_REPLICAS wants {wanted}", remedy)
    return passed(name, f"{here} follow the master, {wanted} must have an event before its 200")


def _judge_clock(servers: Sequence[RedisFacts]) -> Check:
    furthest = max(servers, key=lambda each: abs(each.ahead_s))
    if abs(furthest.ahead_s) < CLOCKS_DIFFER_S:
        return passed("Redis clock", "agrees with this machine's")
    direction = "ahead of" if furthest.ahead_s > 0 else "behind"
    words = f"{furthest.name} is {abs(furthest.ahead_s):.0f} s {direction} this machine"
    return warned("Redis clock", words, CLOCK)


def _release(version: str) -> tuple[int, ...]:
    """Read the first two numbers; a version that cannot be read is older than all."""
    first = version.split(".")[:2]
    return tuple(map(int, first)) if len(first) > 1 and all(part.isdecimal() for part in first) else ()
