"""What the logs of a history's processes tell of trouble that the product should not have."""

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.faults.ledger import Ending

_BAD = frozenset({"error", "critical"})
_LONGEST_LINE = 500
_CHILD_ENDED = re.compile(r"ChildProcessError: .* ended with exit code (-?\d+)")


def errors_in(log: Path) -> list[str]:
    """Return what a process of the product logged as an error, and what no logger wrote at all: a bare traceback.

    Left out is what RQ says, whose worker gives up when Redis is away so that the product starts another one; and that
    a child ended, which is told by `children_ended`.
    """
    found = [f"{log.stem}: {line}" for line in _lines(log) if line.startswith("Traceback")]
    for record in _records(log):
        rq = str(record.get("logger", "")).startswith("rq.")
        if record.get("level") in _BAD and not rq and _exit_code(record) is None:
            found.append(f"{log.stem}: {json.dumps(record)[:_LONGEST_LINE]}")
    return found


def children_ended(log: Path) -> Iterator[Ending]:
    """Yield how children of a process ended by themselves. Whoever was killed was killed by us."""
    since_1970 = time.time() - time.monotonic()
    for record in _records(log):
        code = _exit_code(record)
        if code is not None and code != -signal.SIGKILL:
            at = datetime.fromisoformat(record["timestamp"]).timestamp() - since_1970
            yield Ending(f"a child of {log.stem}", at, at, code)


def _exit_code(record: dict[str, Any]) -> int | None:
    told = _CHILD_ENDED.search(str(record.get("exception", "")))
    return int(told[1]) if told else None


def _records(log: Path) -> Iterator[dict[str, Any]]:
    for line in _lines(log):
        with suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict):
                yield record


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log.exists() else []
