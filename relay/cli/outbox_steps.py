"""Long work on an outbox, step by step: each step is one call of the relay, so that none keeps it or Redis for long.

Interrupted, it says how far it came. What was done is done, and the same command goes on with the rest.
"""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.errors import UserError
from shared.progress import progress

if TYPE_CHECKING:
    from shared.api_client import ApiClient

WAIT_FOR_FLIGHT_S = 30.0
"""How long events that are on their way are waited for: longer than a site may take for its answer."""
LOOK_AGAIN_EVERY_S = 0.5


class Interrupted(UserError):
    """Somebody pressed Ctrl-C."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Total:
    """What all steps came to."""

    chosen: int = 0
    size: int = 0
    """Bytes of the chosen events."""
    in_flight: int = 0
    """Events left alone because they are on their way to the site."""
    full: bool = False
    """Whether there was no room for more where they go."""
    last: str = ""
    """The id with which all steps ended."""

    def plus(self, step: dict[str, Any]) -> "Total":
        """Add a step."""
        return Total(
            self.chosen + step["chosen"],
            self.size + step["bytes"],
            self.in_flight + step["in_flight"],
            step["full"],
            step["last"],
        )


class Steps:
    """Goes through one outbox with one call for each step."""

    def __init__(self, api: "ApiClient", path: str, body: dict[str, Any], *, total: int, quiet: bool) -> None:
        """`path` is the outbox's; `body` says what is chosen; `total` is how much there is to go through."""
        self._api = api
        self._path = path
        self._body = body
        self._total = total
        self._quiet = quiet

    def run(self, action: str, *, label: str, done_word: str, last: str = "", dry_run: bool = False) -> Total:
        """Go through all of it. Raises Interrupted, which says in `done_word` how much was done."""
        total = Total(last=last)
        try:
            with progress(label, total=self._total, hidden=self._quiet) as advance:
                body = self._body | {"dry_run": dry_run, "last": last}
                while True:
                    step = self._api.post(f"{self._path}/{action}", body)
                    total = total.plus(step)
                    advance(step["looked_at"])
                    if not step["next"] or step["full"]:
                        break
                    body |= {"after": step["next"], "last": step["last"]}
            if total.in_flight and not dry_run:
                total = self._wait_for_flight(action, total)
        except KeyboardInterrupt:
            raise Interrupted(_interrupted(total, done_word, dry_run=dry_run)) from None
        return total

    def _wait_for_flight(self, action: str, total: Total) -> Total:
        """Try again with what was on its way: it is at the head, so one step reaches all of it."""
        deadline = time.monotonic() + WAIT_FOR_FLIGHT_S
        body = self._body | {"dry_run": False, "last": total.last}
        with progress("waiting for the batch on its way", total=total.in_flight, hidden=self._quiet):
            while total.in_flight and not total.full and time.monotonic() < deadline:
                time.sleep(LOOK_AGAIN_EVERY_S)
                total = replace(total, in_flight=0).plus(self._api.post(f"{self._path}/{action}", body))
        return total


def _interrupted(total: Total, done_word: str, *, dry_run: bool) -> str:
    if dry_run:
        return "interrupted; nothing was changed"
    return f"interrupted: {total.chosen} events {done_word} so far; the same command goes on with the rest"
