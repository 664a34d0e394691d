"""How outboxes and their events are printed."""

import json
from typing import Any

from relay.core.limits import LOSS_WORDS, NEARLY_FULL
from shared.console import print_table, say

_OUTBOXES = {
    "whose": "OUTBOX",
    "state": "STATE",
    "waiting": "WAITING",
    "size": "SIZE",
    "oldest_at": "OLDEST",
    "kept_until": "KEPT UNTIL",
    "dead_letters": "DEAD",
    "lost": "LOST",
}
_EVENTS = {"id": "ID", "accepted_at": "ACCEPTED", "page_id": "PAGE", "kind": "KIND", "size": "SIZE"}
_DEAD = {"reason": "REASON"}
_SAYS = {"payload": "SAYS"}

_KIB = 1024


def print_outboxes(outboxes: list[dict[str, Any]], *, empty: str) -> None:
    """Print one row for each, and what was lost below."""
    rows = [
        outbox
        | {
            "whose": name_of(outbox),
            "size": size_text(outbox["waiting_bytes"]),
            "lost": sum(loss["count"] for loss in outbox["losses"]) or None,
        }
        for outbox in outboxes
    ]
    print_table(rows, _OUTBOXES, empty=empty)
    for outbox in outboxes:
        print_losses(name_of(outbox), outbox)


def print_losses(name: str, outbox: dict[str, Any]) -> None:
    """Say what an outbox lost, and that it will lose more where it is nearly full."""
    if outbox["fill"] >= NEARLY_FULL:
        say(f"\n{name} is {outbox['fill']:.0%} full: receipts are no longer kept, and at 100% the oldest events go.")
    for loss in outbox["losses"]:
        words = LOSS_WORDS.get(loss["reason"], loss["reason"])
        say(f"\n{name} lost {loss['count']} {words}; last at {loss['last_at']}.")


def print_events(events: list[dict[str, Any]], *, dead: bool, payload: bool, empty: str) -> None:
    """Print one row for each."""
    columns = _EVENTS | (_DEAD if dead else {}) | (_SAYS if payload else {})
    rows = [event | {"size": size_text(event["size"])} | _said(event) for event in events]
    print_table(rows, columns, empty=empty, prose={"reason", "payload"})


def _said(event: dict[str, Any]) -> dict[str, str]:
    """Write what an event says as the JSON that it is; the words of its sender stay readable."""
    return {"payload": json.dumps(event["payload"], ensure_ascii=False)} if "payload" in event else {}


def name_of(outbox: dict[str, Any]) -> str:
    """Name an outbox for a person."""
    return str(outbox["site"]) if outbox["site"] else f"page {outbox['page_id']} (unclaimed)"


def size_text(size: int) -> str:
    """Write bytes for people: 512 B, 1.5 KiB, 20.0 MiB, 1.2 GiB."""
    if size < _KIB:
        return f"{size} B"
    for power, unit in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size >= _KIB**power:
            return f"{size / _KIB**power:.1f} {unit}"
    raise AssertionError(size)
