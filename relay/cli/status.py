"""`relay status`: how everything stands, on one screen."""

from typing import Any

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.outbox_tables import print_losses
from relay.cli.site import print_sites
from shared.console import print_json, print_table, say


def status(data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Show every site's state and backlog, why a site is parked, what no site claims, and what was lost."""
    found = admin_api(data_dir, relay_url).get("/admin/v1/status")
    if as_json:
        print_json(found)
        return
    print_sites(found["sites"])
    for site in found["sites"]:
        _print_trouble(site["name"], site["delivery"])
        print_losses(site["name"], site["delivery"])
    if found["unclaimed"]:
        say("\nEvents of pages that no site claims (they are kept; `relay bind PAGE_ID SITE` delivers them):")
        columns = {"page_id": "PAGE", "waiting": "WAITING", "oldest_at": "OLDEST"}
        print_table(found["unclaimed"], columns, empty="")
    for page in found["unclaimed"]:
        print_losses(f"page {page['page_id']} (unclaimed)", page)


def _print_trouble(name: str, delivery: dict[str, Any]) -> None:
    if delivery["state"] == "up":
        return
    since, attempt = delivery["parked_since"], delivery["next_attempt"]
    say(f"\n{name} is {delivery['state']} since {since}, after {delivery['failures']} failures in a row.")
    say(f"  last error: {delivery['last_error']}")
    if delivery["oldest_id"]:
        say(f"  first to go: event {delivery['oldest_id']}; `relay outbox show {name} --limit 1` shows it")
    say(f"  next attempt: {attempt or f'after `relay site resume {name}`'}")
