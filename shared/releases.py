"""How far two releases are apart. The two halves work with each other one release apart, as docs/protocol.md promises.

A release is the first two numbers of a version: `1.4.2` belongs to release 1.4.
"""

import re
from importlib import metadata

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(?:[.\-+a-z].*)?", re.DOTALL)


def own_version() -> str:
    """Return the version of what is installed here."""
    return metadata.version("social-relay")


def releases_apart(one: str, other: str) -> int | None:
    """Return how many releases lie between two versions, 0 for the same; None where nobody can tell.

    That is so for what is no version, and across a new first number, before which there may be any number of releases.
    """
    first, second = _VERSION.fullmatch(one), _VERSION.fullmatch(other)
    if first is None or second is None or first[1] != second[1]:
        return None
    return abs(int(first[2]) - int(second[2]))
