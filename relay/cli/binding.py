"""`relay bind`, `relay unbind`, `relay bindings`: which page's messages go to which site."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from relay.cli.bind_progress import bind_and_watch
from relay.cli.context import AsJson, DataDir, Url, admin_api
from shared.console import print_json, print_table, say
from shared.secret_input import read_secret

Page = Annotated[str, typer.Argument(help="The Facebook page's id: digits only.", show_default=False)]
PAGE_TOKEN = "PAGE_TOKEN"  # noqa: S105  a variable's name
"""Read where no file is named and nothing is piped in."""
SiteName = Annotated[str, typer.Argument(help="The site's name.", show_default=False)]


TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--page-token-file",
        metavar="FILE",
        help="Connect the page with the page access token in this file; - reads it from a pipe or asks for it.",
    ),
]

BINDING_COLUMNS = {
    "page_id": "PAGE",
    "site": "SITE",
    "subscribed": "SUBSCRIBED",
    "audited_at": "AUDITED",
    "trouble": "WHAT TO DO",
}
SUBSCRIBED = {True: "yes", False: "no", None: "unknown"}

Move = Annotated[
    bool, typer.Option("--move", help="If another site has the page, that one hands it over, with what waits for it.")
]

Audit = Annotated[
    str,
    typer.Option(
        "--audit", metavar="PAGE", help="Audit this page now, rather than in its own minute of the hour; lists nothing."
    ),
]

_ASK = Path("-")


def bind(
    page: Page,
    site: SiteName,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    move: Move = False,
    as_json: AsJson = False,
) -> None:
    """Send a page's messages to a site.

    With the page's token, the app is subscribed to the page, and the site is given the token, encrypted for it alone:
    it can reply at once. Without, the app must be subscribed in Meta's dashboard, and the site be given a token there.

    What the page received while no site claimed it is delivered first, in order.

    A page of another site is refused, unless with --move. Then that site is told that the page is gone, and what waits
    for it goes to the new site, in order, ahead of what comes; so does the token, if the relay has it. What the old
    site was sent already stays there, confirmed or not, and so do its dead letters.

    \b
    Examples:
      relay bind 112233445566 acme --page-token-file -
      relay bind 112233445566 acme
      relay bind 112233445566 beta --move
    """
    body: dict[str, Any] = {"site": site} | ({"move": True} if move else {})
    if token_file is not None:
        body["page_token"] = _read_token(token_file)
    bound = bind_and_watch(lambda: admin_api(data_dir, relay_url), page, body, quiet=as_json)
    if as_json:
        print_json(bound)
        return
    say(" ".join(_told(page, site, bound)))
    if staying := bound.get("staying_events"):
        say(_stays(page, bound["moved_from"], staying))
    if bound.get("moved_from") and not bound["token_handed_over"]:
        say(
            f"The relay has no token of this page to give to {site}, which cannot reply before it has one:"
            f" `relay bind {page} {site} --page-token-file -` hands one over."
        )


def _read_token(file: Path) -> str:
    return read_secret("Page token", file=None if file == _ASK else file, variable=PAGE_TOKEN)


def _told(page: str, site: str, bound: dict[str, Any]) -> Iterator[str]:
    old = bound.get("moved_from")
    named = f" ({bound['name']})" if bound.get("name") else ""
    yield f"Page {page}{named} is bound to {site}" + (f", handed over by {old}." if old else ".")
    if bound["subscribed"]:
        yield "Facebook sends its messages here, and the site is given its token."
    if waiting := bound["waiting_events"]:
        yield "1 waiting event is on its way." if waiting == 1 else f"{waiting} waiting events are on their way."


def _stays(page: str, site: str, events: int) -> str:
    """Say what stays with the old site, and why."""
    stay = "1 event of the page stays" if events == 1 else f"{events} events of the page stay"
    return (
        f"{stay} with {site}, which may have been sent {'it' if events == 1 else 'them'} already, and only there:"
        f" `relay outbox show {site} --page {page}` lists what still waits."
    )


def unbind(page: Page, data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Stop sending a page's messages to its site.

    What comes from now on is kept until the page is bound again.
    """
    unbound = admin_api(data_dir, relay_url).delete(f"/admin/v1/bindings/{quote(page, safe='')}")
    if as_json:
        print_json(unbound)
        return
    say(f"Page {page} is no longer bound to {unbound['site']}. What still comes for it waits at the relay.")
    if unbound["still_subscribed"]:
        say(f"Facebook still sends it: {unbound['still_subscribed']}")


def bindings(audit: Audit = "", data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """List which page is bound to which site, and how it is.

    A page that was connected with its token is audited about every hour: whether Facebook still sends its messages
    here, and whether its token lives. What is missing is mended by itself; what is left is told in the last column.

    Whoever has mended something at Facebook need not wait for the hour: --audit has one page audited at once.

    \b
    Examples:
      relay bindings
      relay bindings --audit 112233445566
    """
    if audit:
        path = f"/admin/v1/bindings/{quote(audit, safe='')}/audit"
        _say_requested(admin_api(data_dir, relay_url).post(path), as_json=as_json)
        return
    found = admin_api(data_dir, relay_url).get("/admin/v1/bindings")
    if as_json:
        print_json(found)
        return
    shown = [page | {"subscribed": SUBSCRIBED[page["subscribed"]]} for page in found]
    empty = "No page is bound yet; `relay bind PAGE_ID SITE` binds one."
    print_table(shown, BINDING_COLUMNS, empty=empty, prose={"trouble"})


def _say_requested(requested: dict[str, Any], *, as_json: bool) -> None:
    """Say that a page is audited next, and when there is something to see."""
    if as_json:
        print_json(requested)
        return
    say(
        f"Page {requested['page_id']} of {requested['site']} is audited next, within {requested['within_s']:.0f} s"
        " unless audits are paused because Facebook asked for it or cannot be reached. `relay bindings` shows then what"
        " was found."
    )
