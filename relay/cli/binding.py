"""`relay bind`, `relay unbind`, `relay bindings`: which page's messages go to which site."""

from typing import Annotated
from urllib.parse import quote

import typer

from relay.cli.bind_progress import bind_and_watch
from relay.cli.context import AsJson, DataDir, Url, admin_api
from shared.console import print_json, print_table, say

Page = Annotated[str, typer.Argument(help="The Facebook page's id: digits only.", show_default=False)]
SiteName = Annotated[str, typer.Argument(help="The site's name.", show_default=False)]


def bind(
    page: Page, site: SiteName, data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False
) -> None:
    """Send a page's messages to a site.

    What the page received while no site claimed it is delivered first, in order. The app must be subscribed to the page
    in Meta's dashboard or by the page's owner; this command does not do that yet.

    Example:  relay bind 112233445566 acme
    """
    bound = bind_and_watch(lambda: admin_api(data_dir, relay_url), page, site, quiet=as_json)
    if as_json:
        print_json(bound)
        return
    waiting = bound["waiting_events"]
    on_their_way = "1 waiting event is on its way" if waiting == 1 else f"{waiting} waiting events are on their way"
    say(f"Page {page} is bound to {site}." + (f" {on_their_way}." if waiting else ""))


def unbind(page: Page, data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Stop sending a page's messages to its site; what comes from now on is kept until the page is bound again."""
    unbound = admin_api(data_dir, relay_url).delete(f"/admin/v1/bindings/{quote(page, safe='')}")
    if as_json:
        print_json(unbound)
    else:
        say(f"Page {page} is no longer bound to {unbound['site']}. New messages wait at the relay.")


def bindings(data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """List which page is bound to which site."""
    found = admin_api(data_dir, relay_url).get("/admin/v1/bindings")
    if as_json:
        print_json(found)
        return
    columns = {"page_id": "PAGE", "site": "SITE"}
    print_table(found, columns, empty="No page is bound yet; `relay bind PAGE_ID SITE` binds one.")
