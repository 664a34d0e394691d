"""What `onsite check` printed as JSON, and how it is run."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.integration.onsite.command import Ended

Run = Callable[..., Awaitable[Ended]]


def lines_of(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the report's lines by name."""
    return {line["name"]: line for line in ended.document["checks"]}
