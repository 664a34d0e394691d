"""The updates of one bot that nobody has confirmed yet. Pure: moments come in, nothing waits.

- An update is confirmed, and forgotten, when a later one is asked for: `get` drops everything below its offset.
- A negative offset counts from the end and forgets the rest.
- An offset up to 10 above the next id is taken at its word: updates that get those ids later are dropped unseen by a
  poll that waits with it. One further above, or far below, counts as a mistake, and the queue is told from its start.
- Ids grow by one. After a week without an update the next id is random, and may be lower.
- An update ends 24 hours after the event that it tells of.

Source: tdlib/td, TQueue.cpp, and telegram-bot-api, Client.cpp (`do_get_updates`).
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LIFETIME_S = 24 * 3600
FORGOTTEN_AFTER_S = 7 * 24 * 3600
"""After so long without an update, ids start anew."""

MAX_AHEAD = 10
MAX_BEHIND = 2_000_000
MAX_ANSWER_BYTES = 4 * 1024 * 1024
OVERHEAD_BYTES = 50
"""What the server reckons for the wrapping of one update."""

LOWEST_FIRST_ID = 2_000_001
FIRST_IDS = 2**30 - LOWEST_FIRST_ID


@dataclass(frozen=True, slots=True)
class QueuedUpdate:
    """One update that waits for its bot."""

    id: int
    expires_at: float
    size: int
    body: dict[str, Any] = field(repr=False)


def random_first_id() -> int:
    """Make up the first id of a queue, a positive 32-bit number."""
    return LOWEST_FIRST_ID + secrets.randbelow(FIRST_IDS)


class UpdateQueue:
    """First in, first out, with the server's rules for offsets."""

    def __init__(self, *, first_id: Callable[[], int] = random_first_id) -> None:
        self._first_id = first_id
        self._updates: list[QueuedUpdate] = []
        self._next_id: int | None = None
        self._last_push_at = 0.0

    def push(self, kind: str, payload: dict[str, Any], *, expires_at: float, now: float) -> int:
        """Add an update and return its id."""
        self._expire(now)
        if self._next_id is None or (not self._updates and now - self._last_push_at > FORGOTTEN_AFTER_S):
            self._next_id = self._first_id()
        body = {"update_id": self._next_id, kind: payload}
        size = OVERHEAD_BYTES + len(json.dumps(payload).encode())
        self._updates.append(QueuedUpdate(self._next_id, expires_at, size, body))
        self._last_push_at = now
        self._next_id += 1
        return self._next_id - 1

    def get(self, offset: int, limit: int, now: float) -> list[dict[str, Any]]:
        """Forget what lies before `offset`, and return up to `limit` updates and 4 MiB from there."""
        self._expire(now)
        if self._next_id is None:
            return []
        start = self._start(offset, self._next_id)
        self._updates = [update for update in self._updates if update.id >= start]
        return self._within_size(self._updates[:limit])

    def forget_all(self) -> None:
        """Drop everything that waits."""
        self._updates.clear()

    def pending(self, now: float) -> int:
        """Count what waits."""
        self._expire(now)
        return len(self._updates)

    def _start(self, offset: int, next_id: int) -> int:
        head = self._updates[0].id if self._updates else next_id
        if offset <= 0:
            return max(offset + next_id, head) if offset else head
        too_far = offset > next_id + MAX_AHEAD or offset < next_id - MAX_BEHIND
        return head if too_far else offset

    def _expire(self, now: float) -> None:
        self._updates = [update for update in self._updates if update.expires_at >= now]

    @staticmethod
    def _within_size(updates: list[QueuedUpdate]) -> list[dict[str, Any]]:
        bodies: list[dict[str, Any]] = []
        left = MAX_ANSWER_BYTES
        for update in updates:
            left -= update.size
            if left <= 0:
                break
            bodies.append(update.body)
        return bodies
