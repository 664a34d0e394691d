"""`relay site remove`: the end of a site."""

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.site import Name
from shared.confirming import Yes, confirm
from shared.console import print_json, say, warn
from shared.progress import progress

if TYPE_CHECKING:
    from shared.api_client import ApiClient

STEP_TIMEOUT_S = 120.0
"""For one call: it ends a few pages, each with a call of Facebook's."""


def remove(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Although it has pages or something waits: they end, and it is dropped.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Remove a site for good, with all that is kept for it.

    Without --force only a site that has no page and for which nothing waits. With it, its pages are unbound,
    unsubscribed at Facebook and their tokens forgotten; what waits is dropped. The site is not told. Interrupted, the
    same command goes on. Another site may have the name a minute later.

    \b
    Examples:
      relay site remove acme
      relay bind 112233445566 beta --move      first, where another site takes its pages over
      relay site remove acme --force
    """
    api, path = admin_api(data_dir, relay_url), f"/admin/v1/sites/{quote(name, safe='')}/removal"
    there = api.get(path)
    if force and not yes:
        confirm(f"Remove site {name} with {_in_words(there)}, for good?", otherwise="--yes with --force does it")
    removed = _remove(api, path, pages=len(there["pages"]), force=force, quiet=as_json)
    for page in removed["pages"]:
        if page["still_subscribed"]:
            warn(f"Facebook goes on sending the events of page {page['page_id']}: {page['still_subscribed']}")
    if as_json:
        print_json(removed)
    else:
        dropped = {"pages": removed["pages"], "waiting": removed["dropped"], "dead_letters": removed["dead_dropped"]}
        say(f"Site {name} is removed, with {_in_words(dropped)}.")


def _remove(api: "ApiClient", path: str, *, pages: int, force: bool, quiet: bool) -> dict[str, Any]:
    """Go step by step until the site is no more; returns what all steps came to."""
    ended: list[dict[str, str]] = []
    with progress("ending pages", total=pages, hidden=quiet) as advance:
        while True:
            step: dict[str, Any] = api.post(path, {"force": force}, timeout_s=STEP_TIMEOUT_S)
            ended += step["pages"]
            advance(len(step["pages"]))
            if not step.pop("pages_left"):
                return step | {"pages": ended}


def _in_words(what: dict[str, Any]) -> str:
    counts = {"page": len(what["pages"]), "waiting event": what["waiting"], "dead letter": what["dead_letters"]}
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items() if count]
    return ", ".join(words) or "no page, and nothing that waits"
