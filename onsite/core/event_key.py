"""Keys for events that have no id of their own. Keys made of an id are written where the id is read."""

import hashlib
from typing import Any

from shared.lenient import canonical


def derived_key(kind: str, *identity: Any) -> str:
    """Return `<kind>:<SHA-256>` over decoded JSON values that identify an event.

    Equal values give equal keys, however their JSON was spaced or ordered; different values give different ones.
    `kind` is a word of ours, not of the platform, so that a key has a bounded length. Raises RecursionError.
    """
    return f"{kind}:{hashlib.sha256(canonical([kind, *identity])).hexdigest()}"
