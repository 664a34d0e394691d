"""`onsite conversations`: who wrote, the latest first."""

from typing import Any

from onsite.cli.context import AsJson, Before, DataDir, Limit, Url, site_api
from shared.console import print_json, print_table, say

_COLUMNS = {
    "id": "ID",
    "channel": "CHANNEL",
    "who": "WITH",
    "unread": "UNREAD",
    "state": "STATE",
    "last_at": "LAST",
    "last_text": "LAST MESSAGE",
}

_PREVIEW = 60
MOST_COUNTED = 100
"""The site counts unread messages up to here."""


def conversations(
    limit: Limit = 20, before: Before = None, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False
) -> None:
    """List conversations, the one that moved last first.

    \b
    Example:
        onsite conversations --limit 5
    """
    query = {"limit": limit} | ({"before": before} if before else {})
    page = site_api(data_dir, url).get("/api/v1/conversations", **query)
    if as_json:
        print_json(page)
        return
    rows = [_row(each) for each in page["conversations"]]
    print_table(rows, _COLUMNS, empty="No conversation yet: they begin when a customer writes.", prose={"last_text"})
    if page["next"]:
        say(f"\nOlder ones: onsite conversations --before {page['next']}")


def _row(conversation: dict[str, Any]) -> dict[str, Any]:
    text = " ".join(conversation["last_text"].split())
    unread = conversation["unread"]
    return conversation | {
        "unread": f"{MOST_COUNTED - 1}+" if unread >= MOST_COUNTED else unread or "",
        "state": _state(conversation),
        "channel": f"{conversation['platform']} {conversation['channel_name']}".strip(),
        "who": conversation["title"] or conversation["contact_name"] or conversation["key"],
        "last_text": text if len(text) <= _PREVIEW else text[: _PREVIEW - 1] + "…",
    }


def _state(conversation: dict[str, Any]) -> str:
    """Say whether somebody waits; of an open conversation in which nobody does, nothing."""
    if conversation["moved_to"]:
        return f"goes on in {conversation['moved_to']}"
    if not conversation["reachable"]:
        return "blocked us"
    if conversation["state"] == "closed":
        return "closed"
    return f"waits since {conversation['waiting_since']}" if conversation["waiting_since"] else ""
