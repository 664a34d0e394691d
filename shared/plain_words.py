"""What pydantic finds wrong with a value, in words for whoever typed it. Not what the value is for.

The rule: no word repeats the value, as it may be a secret; what a pattern wants stands in the field's description.
"""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "missing": "missing",
    "too_short": "too short: needs at least {min_length} characters, has {actual_length}",
    "string_too_short": "too short: needs at least {min_length} characters",
    "too_long": "too long: takes at most {max_length} characters, has {actual_length}",
    "string_too_long": "too long: takes at most {max_length} characters",
    "string_pattern_mismatch": "does not fit",
    "int_parsing": "not a whole number",
    "int_parsing_size": "not a whole number of a usable size",
    "float_parsing": "not a number",
    "byte_size": "not a number of bytes",
    "byte_size_unit": "not a number of bytes",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
}
"""By pydantic's type of error (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def reason_of(error: Mapping[str, Any]) -> str:
    """Say what is wrong. `error` is one of `ValidationError.errors()`; a type of no table keeps pydantic's words."""
    words = _WORDS.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return words.format_map(error.get("ctx", {}))
