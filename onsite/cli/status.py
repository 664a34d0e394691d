"""`onsite status`: how everything stands, on one screen."""

from typing import Any

from onsite.cli.backfill import backfill_sentence
from onsite.cli.channel import print_channels
from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say


def status(data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Show how everything stands.

    That is: the channels' health, what waits to be sent, what is unclear, and whether the relay delivers.
    """
    found = site_api(data_dir, url).get("/api/v1/status")
    if as_json:
        print_json(found)
        return
    print_channels(found["channels"])
    say("")
    say(_relay_sentence(found["site"], found["relay"]))
    replies = found["replies"]
    say(f"Replies: {replies['queued']} queued, {replies['sending']} on their way, {replies['unknown']} unknown.")
    if replies["unknown"]:
        say("  Look whether the unknown ones arrived, and say so with `onsite settle MESSAGE sent|failed`.")
    if found["quarantined"]:
        say(f"In quarantine: {found['quarantined']} events that could not be read (`onsite quarantine list`).")
    if media := _media_sentence(found["media"]):
        say(media)
    for backfill in found["backfills"]:
        say(backfill_sentence(backfill))
    for task in found["tasks"]:
        if task["crashes"]:
            say(f"Task {task['name']} crashed {task['crashes']} times: {task['last_error']}")


def _media_sentence(media: dict[str, int]) -> str:
    if not any(media.values()):
        return ""
    failed = f", {media['failed']} could not be had (`onsite media list`)" if media["failed"] else ""
    return f"Customers' files: {media['pending']} on their way{failed}."


def _relay_sentence(site: str | None, relay: dict[str, Any]) -> str:
    if site is None:
        return f"Relay: {relay['sentence']}."
    last = relay["last_batch_at"]
    came = f"the last came {last}" if last else "none came since the start"
    return f"Relay: takes pushes for site {site}; {came}.\n  {_link_sentence(relay)}"


def _link_sentence(relay: dict[str, Any]) -> str:
    """Say how the relay sees this site, and what to do where something is to be done."""
    if relay["sentence"]:
        return f"{relay['state']}: {relay['sentence']}."
    if relay["state"] != "up":
        return "The relay has not been asked yet."
    pages = f"; pages: {', '.join(relay['pages']) or 'none yet'}" if relay["pages"] is not None else ""
    return f"For the relay this site is up; {relay['waiting']} events wait there{pages}. Asked {relay['checked_at']}."
