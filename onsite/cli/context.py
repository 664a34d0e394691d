"""What every command needs that talks to the running site: its options, and a client of its API.

Settings and client take 0.4 s of processor time to import, three times what all commands take: neither `--help` nor the
shell, which asks for completions at each Tab, waits for them. So they are imported where a command runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.errors import UserError

if TYPE_CHECKING:
    from shared.api_client import ApiClient

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The site's data folder.  [env: ONSITE_DATA_DIR; default: var/onsite]"),
]
Url = Annotated[
    str | None, typer.Option("--url", help="Where the site is.  [default: this machine, at ONSITE_PORT or 8090]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many to show.")]
Before = Annotated[str | None, typer.Option(help="Continue where the page before ended (its `next`).")]


def site_api(data_dir: Path | None, url: str | None) -> "ApiClient":
    """Return a client of the running site. Raises UserError when no token is at hand."""
    from onsite.core.settings import CommandSettings
    from shared.api_client import ApiClient
    from shared.local_keys import load_if_there
    from shared.settings import load_settings

    settings = load_settings(CommandSettings, data_dir=data_dir)
    token = settings.api_token or load_if_there(settings.api_token_file)
    if token is None:
        raise UserError(
            "run this in the folder where the site runs, or give its data folder (--data-dir): no API token is at hand,"
            f" as {settings.api_token_file.absolute()} does not exist. A site that never ran makes it at its first"
            " start (`onsite run`); ONSITE_API_TOKEN serves as well"
        )
    return ApiClient(
        url or f"http://127.0.0.1:{settings.port}",
        token,
        server="the on-site client",
        start_hint="Start it with `onsite run`, say where it is with --url, or go to the folder whose .env names"
        " its port",
    )
