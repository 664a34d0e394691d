"""Reads the values of a call as the Bot API does: loosely. A number may be a text, an object may be JSON text."""

import json
from collections.abc import Mapping
from typing import Any

TRUE_WORDS = {"true", "yes", "1"}


class Arguments:
    """The parameters of one call."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def raw(self, name: str) -> Any:
        """Return a value as it came, None where it is absent."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """Return a text, empty where it is absent."""
        value = self._values.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0, *, low: int | None = None, high: int | None = None) -> int:
        """Return a whole number, moved into its bounds; what is no number counts as 0."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = int(text)
        except ValueError:
            value = 0
        value = value if low is None else max(value, low)
        return value if high is None else min(value, high)

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else self.text(name).lower() in TRUE_WORDS

    def document(self, name: str) -> Any:
        """Return an object or a list, given as such or as JSON text; None where it is absent.

        Raises ValueError where it cannot be read.
        """
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        return json.loads(value) if value else None
