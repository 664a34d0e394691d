"""Every secret of a world, and the search for them in all that the product wrote and showed.

A world keeps everything in its folder: logs, databases, Redis' own files, what commands printed and what a list of
processes showed. A secret that stands there in the clear is a leak, whoever wrote it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

LINK = "/facebook/connect/"
"""What is in a link that connects a page; behind it comes a secret for one use."""


class Secret(NamedTuple):
    """Something nobody may find."""

    kind: str
    value: str


class Leak(NamedTuple):
    """A secret in the clear, told without it."""

    kind: str
    path: str


def shown_on_purpose(printed: Any) -> Iterator[Secret]:
    """Find what a command has to print once, as it was asked for it: a site's secret, a link that connects a page."""
    match printed:
        case dict():
            for name, value in printed.items():
                if name == "secret" and isinstance(value, str):
                    yield Secret("a site's secret", value)
                elif isinstance(value, str) and LINK in value:
                    yield Secret("a link's ticket", value.rpartition("/")[2])
                else:
                    yield from shown_on_purpose(value)
        case list():
            for each in printed:
                yield from shown_on_purpose(each)


def leaks(secrets: Iterable[Secret], folder: Path) -> list[Leak]:
    """Search all files of a folder."""
    wanted = [(secret.kind, secret.value.encode()) for secret in set(secrets)]
    found: list[Leak] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        found += [Leak(kind, str(path.relative_to(folder))) for kind, value in wanted if value in content]
    return found
