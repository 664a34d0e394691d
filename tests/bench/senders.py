"""The sender process as the conductor sees it: told what to send, it says how each webhook fared."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from tests.bench.children import output_of, python
from tests.bench.errors import BenchFailed
from tests.bench.figures import percentile
from tests.bench.processes.load import Sent
from tests.bench.processes.paced import Paced, Posted
from tests.bench.schedule import Flow
from tests.bench.traffic import Traffic

ENDS_WITHIN_S = 60.0
"""How long sending may take, or how much longer than planned, before the benchmark gives up."""


def send_eagerly(port: int, traffic: Traffic, *, timeout_s: float = ENDS_WITHIN_S) -> Sent:
    """Send as fast as the answers come. Raises BenchFailed unless all of them are 200."""
    command = python("tests.bench.processes.load", str(port), json.dumps(asdict(traffic)))
    sent = Sent(**json.loads(output_of(command, timeout_s=timeout_s)))
    _refuse_other_than_200(sent.statuses)
    return sent


def send_punctually(port: int, flows: Sequence[Flow]) -> Paced:
    """Send on schedule. Raises BenchFailed unless all answers are 200."""
    command = python("tests.bench.processes.paced", str(port), json.dumps([asdict(flow) for flow in flows]))
    timeout_s = max(flow.seconds for flow in flows) + ENDS_WITHIN_S
    paced = Paced(**json.loads(output_of(command, timeout_s=timeout_s)))
    _refuse_other_than_200(paced.statuses)
    return paced._replace(posted=[[Posted(*one) for one in flow] for flow in paced.posted])


def percentiles_ms(seconds: Iterator[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    rising = sorted(seconds)
    return percentile(rising, 0.5) * 1000, percentile(rising, 0.99) * 1000


def _refuse_other_than_200(statuses: dict[str, int]) -> None:
    if set(statuses) != {"200"}:
        raise BenchFailed(f"not every webhook was accepted; answers by status: {statuses}")
