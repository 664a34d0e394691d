"""Reads `fields=id,messages.limit(20){id,message}` and picks values by it. Pure.

https://developers.facebook.com/docs/graph-api/guides/field-expansion
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.errors import GraphError

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|\([^()]*\)|[,.{}])")


@dataclass(slots=True)
class Field:
    """One field that is asked for."""

    name: str
    modifiers: dict[str, str] = field(default_factory=dict)
    """Such as `{"limit": "20"}`."""
    fields: tuple["Field", ...] = ()
    """What is asked of the objects behind it; empty for their default."""


Value = Any | Callable[[Field], Any]
"""A value, or a function that works it out for what is asked of it."""


def read_fields_parameter(text: Any, default: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """Read the parameter; an empty one means the default. Raises GraphError 2500 for what cannot be read."""
    words = _split(str(text or ""))
    if not words:
        return tuple(Field(name) for name in default)
    fields = _read_list(words)
    if words:
        raise _syntax_error(words[0])
    return fields


def pick(values: Mapping[str, Value], fields: tuple[Field, ...], node_type: str) -> dict[str, Any]:
    """Return what is asked for; what is empty is left out, as Graph does, and the id is always there.

    Raises GraphError 100 for a field that the kind of object does not have.
    """
    picked: dict[str, Any] = {}
    for asked in fields:
        if asked.name not in values:
            raise errors.no_such_field(asked.name, node_type)
        value = values[asked.name]
        picked[asked.name] = value(asked) if callable(value) else value
    picked["id"] = values["id"]
    return {name: value for name, value in picked.items() if value is not None}


def _split(text: str) -> list[str]:
    words, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _syntax_error(text[position])
        words.append(match[1])
        position = match.end()
    return words


def _read_list(words: list[str]) -> tuple[Field, ...]:
    """Take fields off the words until a brace closes or nothing is left."""
    fields = [_read_field(words)]
    while words and words[0] == ",":
        words.pop(0)
        if words and words[0] != "}":
            fields.append(_read_field(words))
    return tuple(fields)


def _read_field(words: list[str]) -> Field:
    read = Field(_take_name(words))
    while words and words[0] == ".":
        words.pop(0)
        name = _take_name(words)
        if not words or not words[0].startswith("("):
            raise _syntax_error(name)
        read.modifiers[name] = words.pop(0)[1:-1]
    if words and words[0] == "{":
        words.pop(0)
        read.fields = _read_list(words)
        if not words or words.pop(0) != "}":
            raise _syntax_error("end of string")
    return read


def _take_name(words: list[str]) -> str:
    if not words or not words[0][0].isidentifier():
        raise _syntax_error(words[0] if words else "end of string")
    return words.pop(0)


def _syntax_error(found: str) -> GraphError:
    return GraphError(f'Syntax error "Expected name, found {found}"', code=2500)
