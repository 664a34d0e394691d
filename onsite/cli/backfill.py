"""`onsite backfill`: reads what customers wrote while nothing arrived."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, print_table, say
from shared.errors import UserError
from shared.progress import progress

if TYPE_CHECKING:
    from shared.api_client import ApiClient

EXIT_STOPPED, EXIT_BEYOND_REACH = 3, 4
LOOK_EVERY_S = 1.0
"""As the site itself may ask Facebook about twice a second."""

_COLUMNS = {"contact_key": "CUSTOMER", "thread": "THREAD", "missing": "MISSING AT LEAST"}
_TIME = "a time like 2026-11-22T10:20 (UTC), or how long ago: 15m, 2h, 3d."


def backfill(
    page: Annotated[str, typer.Option("--page", metavar="PAGE_ID", help="The Facebook page.", show_default=False)],
    since: Annotated[str, typer.Option("--since", metavar="TIME", help=f"From when: {_TIME}", show_default=False)],
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Until when.  [default: now]")] = "0s",
    data_dir: DataDir = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read what a page missed while nothing arrived.

    The site asks Facebook itself, slowly, as Facebook allows two calls a second, and shows the 20 newest messages of
    each conversation. What is there already stays as it is; what is new is marked "backfilled" in `onsite messages`.
    Interrupting this command stops nothing: the site reads on, and `onsite status` shows how far it is.

    After a gap that the relay noticed this happens by itself.

    Ends with 0 when everything was read, 3 when it cannot go on now, 4 when messages are beyond reach.

    \b
    Example:
        onsite backfill --page 1122 --since 3h
    """
    api = site_api(data_dir, url)
    asked = {"page_id": page, "since": since, "until": until}
    found = _wait(api, api.post("/api/v1/backfills", asked), hidden=as_json)
    if as_json:
        print_json(found)
    elif found["state"] == "stopped":
        raise Stopped(f"backfill {found['id']} cannot go on: {found['sentence']}", EXIT_STOPPED)
    else:
        _report(found)
    raise typer.Exit(_exit_code(found))


def backfill_sentence(found: dict[str, Any]) -> str:
    """Say how a backfill is: how far, what came of it, what keeps it, what is beyond reach."""
    name = f"Backfill {found['id']} of page {found['page_id']}, {found['since']} to {found['until']}"
    beyond = f" {_beyond(found)}" if found["missing"] else ""
    if found["state"] == "done":
        return f"{name}: done; {_count(found['found'], 'message')} found.{beyond}"
    how_far = f"{found['read']} of {_count(found['threads'], 'thread')} read"
    again = f" Not before {found['not_before']}." if found["sentence"] and found["not_before"] else ""
    return f"{name}: {found['state']}; {how_far}. {found['sentence']}".rstrip() + again + beyond


def _wait(api: "ApiClient", found: dict[str, Any], *, hidden: bool) -> dict[str, Any]:
    """Ask until it is read or cannot go on; the bar begins when it is known how much there is to read."""
    while found["state"] == "waiting" and not found["listed"]:
        found = _look(api, found)
    done = 0
    with progress("threads", total=found["threads"], hidden=hidden) as advance:
        while found["state"] == "waiting":
            found = _look(api, found)
            advance(found["read"] - done)
            done = found["read"]
    return found


def _look(api: "ApiClient", found: dict[str, Any]) -> dict[str, Any]:
    time.sleep(LOOK_EVERY_S)
    seen: dict[str, Any] = api.get(f"/api/v1/backfills/{found['id']}")
    return seen


def _report(found: dict[str, Any]) -> None:
    messages, threads = _count(found["found"], "message"), _count(found["threads"], "thread")
    say(f"{messages} found in {threads} of page {found['page_id']}.")
    if found["missing"]:
        say(_beyond(found) + "\n")
        print_table(found["beyond_reach"], _COLUMNS, empty="")


def _beyond(found: dict[str, Any]) -> str:
    messages, threads = _count(found["missing"], "message"), _count(found["threads_beyond_reach"], "thread")
    return (
        f"Beyond reach, at least: {messages} in {threads}. Facebook shows only the 20 newest of a thread, and none that"
        " was taken back: look for them in the page's own inbox."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _exit_code(found: dict[str, Any]) -> int:
    if found["state"] == "stopped":
        return EXIT_STOPPED
    return EXIT_BEYOND_REACH if found["missing"] else 0


class Stopped(UserError):
    """A backfill that cannot go on until something is mended."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
