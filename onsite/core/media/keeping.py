"""Which contents go when all of them are more than may be kept: the oldest first, and no more than needed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """A content that is stored."""

    sha256: str
    size_bytes: int


def beyond(oldest_first: Iterable[Kept], *, total_bytes: int, bound_bytes: int) -> list[str]:
    """Return the hashes of those that go so that the rest, of `total_bytes` before, is at most `bound_bytes`."""
    going: list[str] = []
    for each in oldest_first:
        if total_bytes <= bound_bytes:
            break
        going.append(each.sha256)
        total_bytes -= each.size_bytes
    return going
