"""Reading the product's logs as they would be written, and putting everything back afterwards."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from shared.logs import configure_logs


@dataclass(frozen=True)
class WrittenLogs:
    """What was logged."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        """Everything as it was written."""
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line, decoded."""
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def written_logs(level: str = "DEBUG") -> Iterator[WrittenLogs]:
    """Log as a server does, into memory."""
    root = logging.getLogger()
    handlers, root_level = list(root.handlers), root.level
    levels = {name: logger.level for name, logger in _loggers()}
    config = structlog.get_config()
    logs = WrittenLogs(io.StringIO())
    configure_logs(level=level, stream=logs.stream, json=True)
    # A logger that was used meanwhile must not keep this configuration.
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield logs
    finally:
        structlog.configure(**config)
        root.handlers = handlers
        root.setLevel(root_level)
        for name, logger in _loggers():
            logger.setLevel(levels.get(name, logging.NOTSET))


def _loggers() -> list[tuple[str, logging.Logger]]:
    known = logging.root.manager.loggerDict.items()
    return [(name, logger) for name, logger in known if isinstance(logger, logging.Logger)]
