"""`relay connect`: a link with which somebody connects Facebook pages to a site in their browser."""

from typing import Annotated
from urllib.parse import quote

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from shared.console import print_json, say


def connect(
    site: Annotated[str, typer.Argument(help="The site's name.", show_default=False)],
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    return_to: Annotated[
        str, typer.Option("--return-to", metavar="PATH", help="Where at the site the person is led back to.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print a link to connect Facebook pages in a browser.

    Hand it to a person who runs the pages. In their browser they log in at Facebook, tick pages, and are done: messages
    arrive at the site, and it can answer. The link works once, in one browser, within 15 minutes.

    The relay needs RELAY_PUBLIC_URL for it. The site's own admin gets such a link with `onsite connect`.

    \b
    Examples:
      relay connect acme
      relay connect acme --json
    """
    body = {"return_to": return_to} if return_to else {}
    made = admin_api(data_dir, relay_url).post(f"/admin/v1/sites/{quote(site, safe='')}/connect", body)
    if as_json:
        print_json(made)
        return
    say(f"Open this link in a browser to connect pages to {site}. Whoever opens it first can do so, until")
    say(f"{made['expires_at']}:\n")
    say(made["url"])
