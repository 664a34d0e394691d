"""What `relay check` printed as JSON, and what it looks at in the simulated Facebook."""

import json
from collections.abc import Callable
from typing import Any

from tests.simulators.graph.app import AppSubscription
from tests.support.commands import Ended
from tests.support.graph_thread import GraphThread

Run = Callable[..., Ended]


def lines_of(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the report's lines by name."""
    return {line["name"]: line for line in json.loads(ended.out)["checks"]}


def subscribed(graph: GraphThread) -> AppSubscription:
    return graph.sim.app.subscriptions["page"]
