"""Reads what a client sent, however it sent it: query, form, multipart or a JSON object. Knows neither platform.

Where a name occurs in the address and in the body, the body's value counts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web


class Encoding(StrEnum):
    """How the body was written."""

    NONE = "none"
    FORM = "form"
    MULTIPART = "multipart"
    JSON = "json"
    UNKNOWN = "unknown"


ENCODINGS = {
    "application/x-www-form-urlencoded": Encoding.FORM,
    "multipart/form-data": Encoding.MULTIPART,
    "application/json": Encoding.JSON,
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Parameters:
    """All values by name, and the files beside them."""

    values: dict[str, Any]
    encoding: Encoding
    files: dict[str, Upload] = field(default_factory=dict)
    malformed: bool = False
    """The body claims to be JSON and is no JSON object."""


async def read_parameters(request: web.Request) -> Parameters:
    """Read address and body of one request."""
    parameters = Parameters(dict(request.query), _encoding_of(request))
    if parameters.encoding is Encoding.JSON:
        _merge_json(parameters, await request.read())
    elif parameters.encoding in {Encoding.FORM, Encoding.MULTIPART}:
        _merge_form(parameters, await request.post())
    return parameters


def _encoding_of(request: web.Request) -> Encoding:
    if not request.body_exists:
        return Encoding.NONE
    return ENCODINGS.get(request.content_type, Encoding.UNKNOWN)


def _merge_json(parameters: Parameters, body: bytes) -> None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        parameters.values |= value
    else:
        parameters.malformed = True


def _merge_form(parameters: Parameters, form: Mapping[str, Any]) -> None:
    for name, value in form.items():
        if isinstance(value, web.FileField):
            with value.file:
                parameters.files[name] = Upload(value.filename, value.content_type, value.file.read())
        else:
            parameters.values[name] = value if isinstance(value, str) else bytes(value).decode(errors="replace")
