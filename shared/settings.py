"""How both halves read their settings: environment, `.env`, or a file for each secret. Not the settings themselves.

Order, strongest first: command-line flags, environment (`RELAY_PORT`), `.env` in the working folder, and for any
setting a file named by `<NAME>_FILE` (as Docker and systemd hand over secrets). All problems are reported together.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from shared.errors import SettingsError

FILE_SUFFIX = "_FILE"

AnySettings = TypeVar("AnySettings", bound="Settings")


class Settings(BaseModel):
    """Base of a half's settings: frozen, and every field has a `description` that says what it is for."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    prefix: ClassVar[str] = ""
    """What the half's variables start with: `RELAY_`."""

    @classmethod
    def variable(cls, field: str) -> str:
        """Name the environment variable of a field."""
        return cls.prefix + field.upper()

    @classmethod
    def known_fields(cls) -> Collection[str]:
        """Name every field that may be set although this model does not read it: those of the half's other models."""
        return cls.model_fields

    def summary(self) -> dict[str, str]:
        """List every setting as text for a start-up log, secrets as stars."""
        shown: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            hidden = isinstance(value, SecretStr)
            shown[name] = "***" if hidden else "" if value is None else str(value)
        return shown


def load_settings(
    kind: type[AnySettings], *, environ: Mapping[str, str] | None = None, env_file: Path | None = None, **flags: Any
) -> AnySettings:
    """Build the settings of a half.

    `flags` are command-line values by field name; None means "not given". Raises SettingsError with all problems.
    """
    given = dict(os.environ if environ is None else environ)
    from_file = {k: v for k, v in dotenv_values(env_file or Path(".env")).items() if v is not None}
    values, problems = _collect(kind, {**from_file, **given})
    values |= {name: value for name, value in flags.items() if value is not None}
    problems += _unknown(kind, {**from_file, **given})
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        problems += [_in_words(kind, dict(item)) for item in error.errors(include_url=False)]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _collect(kind: type[Settings], environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Read each field's variable or the file that stands for it; an empty variable counts as not set."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in kind.model_fields:
        name = kind.variable(field)
        text, path = environ.get(name, ""), environ.get(name + FILE_SUFFIX, "")
        if text and path:
            problems.append(f"{name} and {name}{FILE_SUFFIX} are both set: keep one of them")
        elif text:
            values[field] = text
        elif path:
            try:
                values[field] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                problems.append(f"{name}{FILE_SUFFIX}: {path} cannot be read ({error})")
    return values, problems


def _unknown(kind: type[Settings], environ: Mapping[str, str]) -> list[str]:
    """Name variables with our prefix that mean nothing: mostly a slip of the pen, which must not pass in silence."""
    known = {kind.variable(field) for field in kind.known_fields()}
    known |= {name + FILE_SUFFIX for name in known}
    return [
        f"{name}: no such setting (see `--help`)"
        for name in sorted(environ)
        if name.startswith(kind.prefix) and name not in known
    ]


def _in_words(kind: type[Settings], error: dict[str, Any]) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    name = kind.variable(field) if field in kind.model_fields else field
    description = (kind.model_fields[field].description or "") if field in kind.model_fields else ""
    reason = "missing" if error["type"] == "missing" else str(error["msg"]).removeprefix("Value error, ")
    return ": ".join(part for part in (name, reason) if part) + (f" ({description})" if description else "")
