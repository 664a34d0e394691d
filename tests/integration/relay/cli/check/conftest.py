"""`relay check` against a relay, a Redis and a Facebook that really answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as sync_redis

from tests.integration.relay.cli.check.report import Run, know_all
from tests.support.graph_thread import GraphThread
from tests.support.logs import written_logs
from tests.support.relay_thread import RelayThread

KEEPS = {"appendonly": "yes", "maxmemory-policy": "noeviction", "appendfsync": "always"}


@pytest.fixture(autouse=True)
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the command from configuring the logs of all tests; what it logs then is nobody's."""
    with written_logs(), monkeypatch.context() as patch:
        patch.setattr("shared.logs.configure_logs", lambda **_: None)
        yield


@pytest.fixture
def graph() -> Iterator[GraphThread]:
    with GraphThread() as graph:
        yield graph


@pytest.fixture
def keeping(redis_url: str) -> Iterator[sync_redis.Redis]:
    """Let the shared Redis keep what it is given."""
    with sync_redis.Redis.from_url(redis_url) as client:
        for name, value in KEEPS.items():
            client.config_set(name, value)
        yield client
        for name, value in {"appendonly": "no", "maxmemory-policy": "noeviction", "appendfsync": "everysec"}.items():
            client.config_set(name, value)


@pytest.fixture
def whole(
    ask: Run,
    relay: RelayThread,
    graph: GraphThread,
    redis_url: str,
    keeping: sync_redis.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return a runner of commands where everything is as it should be."""
    know_all(monkeypatch, graph, relay, redis_url=redis_url, data_dir=tmp_path / "server")
    return ask
