"""What `relay check` is told, what it printed as JSON, and what it looks at in the simulated Facebook."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.graph.app import AppSubscription
from tests.support import facebook
from tests.support.commands import Ended
from tests.support.graph_thread import GraphThread
from tests.support.relay_thread import RelayThread

Run = Callable[..., Ended]


def lines_of(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the report's lines by name."""
    return {line["name"]: line for line in json.loads(ended.out)["checks"]}


def subscribed(graph: GraphThread) -> AppSubscription:
    return graph.sim.app.subscriptions["page"]


def know_all(
    monkeypatch: pytest.MonkeyPatch, graph: GraphThread, relay: RelayThread, *, redis_url: str, data_dir: Path
) -> None:
    """Set whatever the command needs to know of the relay, and let Facebook post to it."""
    graph.sim.callback_url = relay.url + "/facebook/webhook"
    for name, value in {
        "FACEBOOK_APP_ID": facebook.APP_ID,
        "FACEBOOK_APP_SECRET": facebook.APP_SECRET,
        "FACEBOOK_VERIFY_TOKEN": facebook.VERIFY_TOKEN,
        "GRAPH_URL": graph.sim.url,
        "PUBLIC_URL": relay.url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(data_dir),
    }.items():
        monkeypatch.setenv(f"RELAY_{name}", value)
