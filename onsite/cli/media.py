"""`onsite media …`: customers' files that are not here, and fetching them again."""

from typing import Annotated

import typer

from onsite.cli.context import AsJson, Before, DataDir, Limit, Url, site_api
from shared.console import print_json, print_table, say

app = typer.Typer(
    help=(
        "See which files of customers are missing, and fetch them.\n\n"
        "Pictures, voice messages, videos and documents are fetched in the background as they come, and for about a"
        " day again where that fails."
    ),
    no_args_is_help=True,
)

_COLUMNS = {
    "id": "ID",
    "kind": "KIND",
    "conversation_id": "CONVERSATION",
    "message_id": "MESSAGE",
    "state": "STATE",
    "why": "WHY",
}


@app.command("list")
def list_missing(
    limit: Limit = 50, before: Before = None, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False
) -> None:
    """List those that are on their way or could not be had, the newest first."""
    query = {"limit": limit} | ({"before": before} if before else {})
    page = site_api(data_dir, url).get("/api/v1/media", **query)
    if as_json:
        print_json(page)
        return
    rows = [each | {"why": (each["reason"] or {}).get("sentence", "")} for each in page["media"]]
    print_table(rows, _COLUMNS, empty="Nothing is missing: every file that customers sent is here.", prose={"why"})
    if page["next"]:
        say(f"\nOlder ones: onsite media list --before {page['next']}")


@app.command()
def retry(
    media_id: Annotated[
        int | None,
        typer.Argument(
            metavar="[ID]",
            help="Its number, from `onsite media list`.  [default: all that failed]",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Fetch one again, or all that could not be had.

    The platform may have it no longer. A file that was dropped by the rules of keeping can be fetched by its number.

    \b
    Examples:
        onsite media retry        after the network was mended
        onsite media retry 17
    """
    api = site_api(data_dir, url)
    path = "/api/v1/media/retry" if media_id is None else f"/api/v1/media/{media_id}/retry"
    told = api.post(path, {})
    if as_json:
        print_json(told)
    elif media_id is None:
        say(f"{told['waiting']} files are fetched now; `onsite media list` shows what is still missing.")
    elif told["state"] == "stored":
        say(f"File {media_id} is here already.")
    else:
        say(f"File {media_id} is fetched now; `onsite media list` shows whether it is still missing.")
