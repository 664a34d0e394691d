"""`onsite quarantine …`: events that this release could not read."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onsite.cli.context import AsJson, Before, DataDir, Limit, Url, site_api
from shared.console import print_json, print_table, say
from shared.progress import progress

if TYPE_CHECKING:
    from shared.api_client import ApiClient

app = typer.Typer(
    help=(
        "See events that could not be read, and try them again.\n\n"
        "What a platform sends and this release cannot read is kept as it came, and holds up nothing. A later release"
        " may be able to read it: `onsite quarantine retry` puts it into its place."
    ),
    no_args_is_help=True,
)

EventId = Annotated[int, typer.Argument(help="Its number, from `onsite quarantine list`.", show_default=False)]

_COLUMNS = {
    "id": "ID",
    "received_at": "RECEIVED",
    "platform": "PLATFORM",
    "external_id": "PAGE OR BOT",
    "kind": "KIND",
    "tries": "TRIES",
    "error": "WHY",
}
_PROSE = {"error"}


@app.command("list")
def list_events(
    limit: Limit = 50, before: Before = None, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False
) -> None:
    """List them, the newest first."""
    query = {"limit": limit} | ({"before": before} if before else {})
    page = site_api(data_dir, url).get("/api/v1/quarantine", **query)
    if as_json:
        print_json(page)
        return
    print_table(
        page["events"], _COLUMNS, empty="Nothing is in quarantine: everything that came could be read.", prose=_PROSE
    )
    if page["next"]:
        say(f"\nOlder ones: onsite quarantine list --before {page['next']}")


@app.command()
def show(event_id: EventId, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Show one as it came from the platform.

    It may hold what a customer wrote: look before you send it to somebody.
    """
    found = site_api(data_dir, url).get(f"/api/v1/quarantine/{event_id}")
    if as_json:
        print_json(found)
        return
    print_table([found], _COLUMNS, empty="", prose=_PROSE)
    say(f"\n{found['raw']}")


@app.command()
def retry(
    event_id: Annotated[
        int | None,
        typer.Argument(help="Its number, from `onsite quarantine list`.  [default: all]", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Try one again, or all of them.

    What can be read now takes its place in the conversations, by its time.

    \b
    Examples:
        onsite quarantine retry        after an upgrade
        onsite quarantine retry 17
    """
    api = site_api(data_dir, url)
    tried = _all(api, hidden=as_json) if event_id is None else api.post(f"/api/v1/quarantine/{event_id}/retry", {})
    told = {"read": tried["read"], "still": tried["still"]}
    if as_json:
        print_json(told)
        return
    say(f"{told['read']} could be read and took their place; {told['still']} still cannot be read.")


def _all(api: "ApiClient", *, hidden: bool) -> dict[str, Any]:
    """Go on until there is no further one; what stays in quarantine is tried once."""
    total: int = api.get("/api/v1/status")["quarantined"]
    told, behind = {"read": 0, "still": 0}, 0
    with progress("events", total=total, hidden=hidden) as advance:
        while True:
            tried = api.post("/api/v1/quarantine/retry", {"behind": behind})
            for name in told:
                told[name] += tried[name]
            advance(tried["read"] + tried["still"])
            if tried["next"] is None:
                return told
            behind = tried["next"]
