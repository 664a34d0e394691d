"""What of a log is trouble, and what is not."""

import json
import time
from pathlib import Path

import pytest

from shared.clock import iso_ms
from tests.faults.run.logs import children_ended, errors_in


def record(**fields: str) -> str:
    return json.dumps({"level": "info", "timestamp": iso_ms(round(time.time() * 1000))} | fields)


def crashed(code: int) -> str:
    error = f"Traceback (most recent call last):\n  …\nChildProcessError: `relay serve` ended with exit code {code}"
    return record(level="error", logger="shared.tasks", event="task_crashed", exception=error)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "relay-0.log"


@pytest.mark.parametrize(
    ("line", "errors"),
    [
        pytest.param(record(event="relay_serves"), 0, id="news"),
        pytest.param(record(level="warning", event="site_parked"), 0, id="a warning"),
        pytest.param(record(level="error", logger="relay.engine.lane", event="drain_failed"), 1, id="an error"),
        pytest.param(record(level="error", logger="rq.worker", event="could not connect"), 0, id="RQ's"),
        pytest.param(crashed(1), 0, id="a child's end"),
        pytest.param("Traceback (most recent call last):", 1, id="a bare traceback"),
        pytest.param("relay: Redis cannot be used", 0, id="a sentence"),
        pytest.param('{"cut off', 0, id="half a line"),
    ],
)
def test_an_error_is_what_the_product_calls_one(log: Path, line: str, errors: int) -> None:
    log.write_text(f"{line}\n")

    assert len(errors_in(log)) == errors


@pytest.mark.parametrize(("code", "told"), [pytest.param(1, 1, id="by itself"), pytest.param(-9, 0, id="killed by us")])
def test_a_childs_end_is_told_with_its_time(log: Path, code: int, told: int) -> None:
    log.write_text(crashed(code) + "\n")
    endings = list(children_ended(log))

    assert [ending.exit_code for ending in endings] == [code] * told
    assert all(abs(ending.ended_at - time.monotonic()) < 60 for ending in endings)


def test_who_wrote_no_log_had_no_trouble(log: Path) -> None:
    assert errors_in(log) == []
    assert list(children_ended(log)) == []
