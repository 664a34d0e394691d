"""What the `relay outbox` commands have in common: how an outbox is named, and events in it are chosen."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

Name = Annotated[str, typer.Argument(help="The site's name; with --unclaimed a page's id.", show_default=False)]
Unclaimed = Annotated[bool, typer.Option("--unclaimed", help="NAME is the id of a page that no site claims.")]
Dead = Annotated[bool, typer.Option("--dead", help="The dead letters instead of what waits.")]
Since = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="Only what came into the outbox at or after TIME: 2h, 3d, or 2026-11-22T10:20 (UTC)."
    ),
]
Until = Annotated[str, typer.Option(metavar="TIME", help="Only what came into the outbox at or before TIME.")]
Page = Annotated[str, typer.Option(metavar="PAGE", help="Only events of this Facebook page.")]
EventId = Annotated[str, typer.Option("--id", metavar="ID", help="Only this event; `relay outbox show` lists ids.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")]


def path_of(name: str, *, unclaimed: bool) -> str:
    """Return the path of an outbox in the admin API."""
    return "/admin/v1/outboxes/" + quote(f"~{name}" if unclaimed else name, safe="~")


def chosen(*, since: str, until: str, page: str, event_id: str) -> dict[str, Any]:
    """Return what the admin API takes for a choice of events."""
    return {"since": since, "until": until, "page": page, "id": event_id}
