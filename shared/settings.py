"""How both halves read their settings: environment, `.env`, or a file for each secret. Not the settings themselves.

Order, strongest first: command-line flags, environment (`RELAY_PORT`), `.env` in the working folder, and for any
setting a file named by `<NAME>_FILE` (as Docker and systemd hand over secrets). All problems are reported together.
"""

import os
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from shared.errors import SettingsError
from shared.logs import mask
from shared.plain_words import reason_of

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
            shown[name] = "***" if hidden else "" if value is None else mask(str(value))
        return shown


def load_settings(
    kind: type[AnySettings], *, environ: Mapping[str, str] | None = None, env_file: Path | None = None, **flags: Any
) -> AnySettings:
    """Build the settings of a half.

    `flags` are command-line values by field name; None means "not given". Raises SettingsError with all problems.
    """
    given = _merged(os.environ if environ is None else environ, _env_file(env_file or Path(".env")))
    values, unreadable = _collect(kind, given)
    values |= {name: value for name, value in flags.items() if value is not None}
    problems = [*unreadable.values(), *_unknown(kind, given)]
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        found = [dict(item) for item in error.errors(include_url=False)]
        problems += [_in_words(kind, item) for item in found if _field_of(item) not in unreadable]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _env_file(path: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(path)
    except (OSError, UnicodeError) as error:
        raise SettingsError([f"{path} cannot be read ({_why(error)})"]) from None


def _merged(environ: Mapping[str, str], from_file: Mapping[str, str | None]) -> dict[str, str]:
    """Put the environment over `.env`, whichever of its two names a setting has there; empty counts as not set."""
    given = {name: text for name, text in environ.items() if text}
    stronger = {name.removesuffix(FILE_SUFFIX) for name in given}
    weaker = {name: text for name, text in from_file.items() if text and name.removesuffix(FILE_SUFFIX) not in stronger}
    return weaker | given


def _collect(kind: type[Settings], given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read each field's variable or the file that stands for it; returns values and problems, both by field."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in kind.model_fields:
        name = kind.variable(field)
        text, path = given.get(name, ""), given.get(name + FILE_SUFFIX, "")
        if text and path:
            problems[field] = f"{name} and {name}{FILE_SUFFIX} are both set: keep one of them"
        elif text:
            values[field] = text
        elif path:
            try:
                values[field] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                problems[field] = f"{name}{FILE_SUFFIX}: {path} cannot be read ({_why(error)})"
    return values, problems


def _unknown(kind: type[Settings], environ: Mapping[str, str]) -> list[str]:
    """Name variables with our prefix that mean nothing: mostly a slip of the pen, which must not pass in silence."""
    known = {kind.variable(field) for field in kind.known_fields()}
    known |= {name + FILE_SUFFIX for name in known}
    return [
        f"{name}: no such setting; {_advice(name, kind.prefix, known)}"
        for name in sorted(environ)
        if name.startswith(kind.prefix) and name not in known
    ]


def _advice(name: str, prefix: str, known: Collection[str]) -> str:
    """Name the setting that was most likely meant; what all have in common makes none of them likelier."""
    rests = sorted(each.removeprefix(prefix) for each in known)
    nearest = get_close_matches(name.removeprefix(prefix), rests, n=1)
    return f"did you mean {prefix}{nearest[0]}?" if nearest else "the documentation lists all settings"


def _in_words(kind: type[Settings], error: dict[str, Any]) -> str:
    field = _field_of(error)
    name = kind.variable(field) if field in kind.model_fields else field
    description = (kind.model_fields[field].description or "") if field in kind.model_fields else ""
    return ": ".join(part for part in (name, reason_of(error)) if part) + (f" ({description})" if description else "")


def _field_of(error: dict[str, Any]) -> str:
    return str(error["loc"][0]) if error["loc"] else ""


def _why(error: OSError | UnicodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no UTF-8 text"
