"""`relay status`: how everything stands, on one screen."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.outbox_tables import print_losses
from relay.cli.site import print_sites
from relay.cli.site_words import rotation_in_words
from shared.console import clear, print_json, print_table, say
from shared.errors import UserError

if TYPE_CHECKING:
    from shared.api_client import ApiClient

STATUS = "/admin/v1/status"
WATCH_EVERY_S = 2.0
LONG_FAILED = 6
"""Failures in a row, some minutes, after which a site that answers is no longer just starting anew."""
SIGNATURE = "the site refused the signature"
ANSWERED = "the site answered"
"""How errors begin that are the site's own answer (`core.answers`)."""

Watch = Annotated[bool, typer.Option("--watch", help="Show it again every two seconds, until Ctrl-C.")]


def status(data_dir: DataDir = None, relay_url: Url = None, *, watch: Watch = False, as_json: AsJson = False) -> None:
    """Show how everything stands.

    That is: every site's state and backlog, why a site is parked, which page is in trouble at Facebook, what no site
    claims, and what was lost.
    """
    api = admin_api(data_dir, relay_url)
    if watch and as_json:
        raise UserError("--watch is for people; for a program, call `relay status --json` as often as you like")
    if watch:
        _watch(api)
    elif as_json:
        print_json(api.get(STATUS))
    else:
        _print(api.get(STATUS))


def _watch(api: "ApiClient") -> None:
    """Print the status again and again, until Ctrl-C."""
    try:
        while True:
            try:
                found = api.get(STATUS)
            except UserError as error:
                clear()
                say(str(error))  # it may be back in a moment
            else:
                clear()
                _print(found)
            time.sleep(WATCH_EVERY_S)
    except KeyboardInterrupt:
        return


def _print(found: dict[str, Any]) -> None:
    print_sites(found["sites"])
    for site in found["sites"]:
        _print_trouble(site["name"], site["delivery"])
        if site["rotation"]:
            say(f"\nThe secret of {site['name']} {rotation_in_words(site['rotation'])}.")
        print_losses(site["name"], site["delivery"])
    if waiting := [page for page in found["unclaimed"] if page["waiting"]]:
        say("\nEvents of pages that no site claims (they are kept; `relay bind PAGE_ID SITE` delivers them):")
        columns = {"page_id": "PAGE", "waiting": "WAITING", "oldest_at": "OLDEST"}
        print_table(waiting, columns, empty="")
    for page in found.get("troubled_pages", []):
        say(f"\nPage {page['page_id']} of {page['site']}: {page['trouble']}")
    for page in found["unclaimed"]:
        print_losses(f"page {page['page_id']} (unclaimed)", page)


def _print_trouble(name: str, delivery: dict[str, Any]) -> None:
    if delivery["state"] == "up":
        return
    since, attempt = delivery["parked_since"], delivery["next_attempt"]
    if delivery["state"] == "paused":
        say(f"\n{name} is paused since {since}{_by_whom(delivery['last_error'])}.")
    else:
        failures = "1 failure" if delivery["failures"] == 1 else f"{delivery['failures']} failures in a row"
        say(f"\n{name} is {delivery['state']} since {since}, after {failures}.")
        say(f"  last error: {delivery['last_error']}")
    if delivery["oldest_id"]:
        say(f"  first to go: event {delivery['oldest_id']}; `relay outbox show {name} --limit 1` shows it")
        _print_blame(name, delivery)
    say(f"  next attempt: {attempt or f'after `relay site resume {name}`'}")


def _by_whom(why: str) -> str:
    """Say what follows "paused since"."""
    return f" {why.removeprefix('paused ')}" if why.startswith("paused by") else f": {why}" if why else ""


def _print_blame(name: str, delivery: dict[str, Any]) -> None:
    """Say what can be done where one event may be to blame, and not the site."""
    set_aside = f"`relay outbox set-aside {name} --id {delivery['oldest_id']}`"
    if delivery["last_error"].startswith(SIGNATURE):
        # Mostly no event is to blame for that, and set aside one after the other they would all be gone.
        say("  see to the secret and the clock first; should this event alone be refused still, it becomes a dead")
        say("  letter by itself when the site takes the next one")
    elif times := delivery["oldest_refused"]:
        say(f"  the site refused this event alone, {times} times in a row; once it takes the next one instead,")
        say(f"  this one becomes a dead letter by itself. To make it one now: {set_aside}")
    elif delivery["failures"] >= LONG_FAILED and delivery["last_error"].startswith(ANSWERED):
        say(f"  should this event alone be to blame, {set_aside} lets the others pass")
