"""How records are shown to operators: times as they read them, whatever holds them."""

from typing import Any

from shared.clock import iso_ms


def readable(record: dict[str, Any]) -> dict[str, Any]:
    """Write times in milliseconds (`…_ms`) as ISO 8601 under the name without the unit, also in records inside."""
    return {
        name.removesuffix("_ms"): iso_ms(value) if name.endswith("_ms") and value is not None else _inside(value)
        for name, value in record.items()
    }


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return readable(value)
    if isinstance(value, list | tuple):
        return [_inside(each) for each in value]
    return value
