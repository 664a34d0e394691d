"""What a Redis tells of itself, and what that is worth."""

from collections.abc import Mapping

import pytest

from relay.core.checks import redis
from relay.core.checks.redis import RedisFacts, judge_servers, judge_version
from shared.checks import Outcome

KEEPS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        pytest.param("6.2.14", Outcome.PASSED, id="the oldest that will do"),
        pytest.param("8.0", Outcome.PASSED, id="newer"),
        pytest.param("10.0.1", Outcome.PASSED, id="two digits"),
        pytest.param("6.0.16", Outcome.FAILED, id="older"),
        pytest.param("5.0.3", Outcome.FAILED, id="much older"),
        pytest.param("", Outcome.FAILED, id="not told"),
        pytest.param("x.y", Outcome.FAILED, id="no number"),
    ],
)
def test_the_version(version: str, outcome: Outcome) -> None:
    line = judge_version("Redis", [RedisFacts("good", "7.2.0"), RedisFacts("r1", version)])

    assert line.outcome is outcome
    assert line.remedy == ("" if outcome is Outcome.PASSED else redis.UPGRADE)


@pytest.mark.parametrize(
    ("config", "outcome", "remedy"),
    [
        pytest.param(KEEPS, Outcome.PASSED, "", id="keeps everything"),
        pytest.param(KEEPS | {"appendfsync": "everysec"}, Outcome.WARNED, redis.SYNC, id="may lose a second"),
        pytest.param({"appendonly": "yes"}, Outcome.WARNED, redis.HIDDEN, id="does not tell"),
        pytest.param(KEEPS | {"appendonly": "no"}, Outcome.FAILED, redis.KEEP, id="no file"),
        pytest.param({"appendonly": "no"}, Outcome.FAILED, redis.KEEP, id="tells the worst"),
        pytest.param(KEEPS | {"maxmemory-policy": "allkeys-lru"}, Outcome.FAILED, redis.KEEP, id="evicts"),
        pytest.param(KEEPS | {"appendfsync": "no"}, Outcome.FAILED, redis.KEEP, id="never flushes"),
    ],
)
def test_persistence(config: Mapping[str, str], outcome: Outcome, remedy: str) -> None:
    servers = [RedisFacts("r1", "7.2.0", KEEPS), RedisFacts("r2", "7.2.0", config)]
    line = judge_servers(servers, wait_replicas=0)[1]

    assert (line.outcome, line.remedy) == (outcome, remedy)
    assert outcome is Outcome.PASSED or "r2" in line.words


@pytest.mark.parametrize(("here", "outcome"), [(0, Outcome.FAILED), (1, Outcome.FAILED), (2, Outcome.PASSED)])
def test_replicas_are_those_of_the_master(here: int, outcome: Outcome) -> None:
    servers = [
        RedisFacts("master", "7.2.0", KEEPS, replicas=here),
        RedisFacts("replica", "7.2.0", KEEPS, replicas=9, is_replica=True),
    ]

    assert judge_servers(servers, wait_replicas=2)[2].outcome is outcome


@pytest.mark.parametrize(
    ("ahead_s", "words"),
    [(0.4, "agrees"), (-4.9, "agrees"), (7.0, "r1 is 7 s ahead of"), (-3600.0, "r1 is 3600 s behind")],
)
def test_the_clock(ahead_s: float, words: str) -> None:
    line = judge_servers([RedisFacts("r1", "7.2.0", KEEPS, ahead_s=ahead_s)], wait_replicas=0)[-1]

    assert words in line.words
    assert bool(line.remedy) is (line.outcome is Outcome.WARNED)
