"""`relay site rotate-secret`: a new secret for a site, without a pause."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.site import Name
from shared.console import print_json, say, warn
from shared.errors import UserError


def rotate_secret(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    finish: Annotated[
        bool, typer.Option("--finish", help="End the overlap: the old secret is refused from now on.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Replace a new secret that was lost before the site had it.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --finish: although the site does not use the new secret yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Exchange a site's secret without a pause.

    Prints a new secret, once; later, --finish ends the old one. In between both are valid.

    The site's admin sets ONSITE_RELAY_SECRET to the new one and restarts the site; `relay site show` says when it is
    used.

    \b
    Examples:
      relay site rotate-secret acme
      relay site show acme
      relay site rotate-secret acme --finish
    """
    if finish and again:
        raise UserError("--finish and --again exclude each other: one ends the overlap, the other goes on with it")
    if force and not finish:
        raise UserError("--force belongs to --finish")
    path = f"/admin/v1/sites/{quote(name, safe='')}/rotation"
    api = admin_api(data_dir, relay_url)
    answer = api.post(f"{path}/finish", {"force": force}) if finish else api.post(path, {"again": again})
    for page in answer["failed_pages"]:
        warn(f"the site could not be handed the token of page {page} anew; connect that page once more (`relay bind`)")
    if as_json:
        print_json(answer)
    elif finish:
        say(f"Site {name} has its new secret alone; what is signed or called with the old one is refused.")
    else:
        _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    name = answer["name"]
    say(f"Site {name} has a new secret; the old one stays valid until you end it.")
    say("Hand this line to its admin over a safe channel; the secret is not shown again:\n")
    say(f"ONSITE_RELAY_SECRET={answer['secret']}\n")
    say("They put it in the place of the old one and restart the site; nothing is lost meanwhile.")
    say(f"Next: `relay site show {name}` says when the site uses it;")
    say(f"then `relay site rotate-secret {name} --finish` ends the old one.")
