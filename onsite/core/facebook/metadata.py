"""Our own id in a message's `metadata`: Meta returns it with the echo, which settles a send whose answer was lost."""

from typing import Any

from shared.lenient import as_id

METADATA_PREFIX = "social-relay:"
"""Tells our metadata from another app's."""


def metadata_for(correlation: str) -> str:
    """Return the metadata of a message whose own id is `correlation`. Meta takes up to 1000 characters."""
    return METADATA_PREFIX + correlation


def correlation_in(metadata: Any) -> str:
    """Return our own id, or an empty text when the metadata is not ours."""
    text = as_id(metadata)
    return text.removeprefix(METADATA_PREFIX) if text.startswith(METADATA_PREFIX) else ""
