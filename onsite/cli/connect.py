"""`onsite connect`: a link with which somebody connects Facebook pages in their browser."""

from typing import Annotated

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say


def connect(
    data_dir: DataDir = None,
    url: Url = None,
    *,
    return_to: Annotated[
        str,
        typer.Option("--return-to", metavar="PATH", help="Where at this site's public address the person is led back."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print a link to connect Facebook pages in a browser.

    Open it yourself, or hand it to a person who runs the pages. They log in at Facebook, tick pages, and are done: the
    pages show up in `onsite channel list`, with all that is needed to receive and to answer. Also for a page whose
    token died: its conversations stay.

    The link works once, in the browser that opens it first, within 15 minutes.

    \b
    Example:
        onsite connect
    """
    body = {"return_to": return_to} if return_to else {}
    link = site_api(data_dir, url).post("/api/v1/channels/connect", body)
    if as_json:
        print_json(link)
        return
    until = f" until {link['expires_at']}" if link["expires_at"] else ""
    say("Open this link in a browser to connect Facebook pages to this site. Whoever opens it first can do so,")
    say(f"once{until}:\n")
    say(link["url"])
