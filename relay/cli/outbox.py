"""`relay outbox …`: what waits, what is dead, what was lost; and what an operator may do about it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.outbox_changes import drop, replay, set_aside
from relay.cli.outbox_options import Dead, EventId, Name, Page, Since, Unclaimed, Until, chosen, path_of
from relay.cli.outbox_tables import print_events, print_outboxes
from shared.console import print_json, warn

if TYPE_CHECKING:
    from shared.api_client import ApiClient

app = typer.Typer(help="See, drop, replay or set aside what waits for whom.", no_args_is_help=True)

_MOST = 100_000
"""Events that one command lists."""

Limit = Annotated[int, typer.Option(min=1, max=_MOST, help="List at most so many, the oldest first.")]
Payload = Annotated[
    bool,
    typer.Option("--payload", help="Also what they say: messages of people. The relay logs that you looked."),
]

_AT_ONCE = 200
"""Events in one answer of the relay."""


@app.command("list")
def list_outboxes(
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    unclaimed: Annotated[bool, typer.Option("--unclaimed", help="Only pages that no site claims.")] = False,
    as_json: AsJson = False,
) -> None:
    """List every outbox that holds or lost something.

    That is: where something waits, is dead, or was lost.

    A site has an outbox, and so has each page that no site claims: `relay bind PAGE_ID SITE` delivers what waits there.
    """
    api = admin_api(data_dir, relay_url)
    found = _all_outboxes(api, unclaimed=unclaimed)
    if as_json:
        print_json(found)
    else:
        print_outboxes(found, empty="Nothing waits, nothing is dead, and nothing was lost.")


@app.command()
def show(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    unclaimed: Unclaimed = False,
    dead: Dead = False,
    since: Since = "",
    until: Until = "",
    page: Page = "",
    event_id: EventId = "",
    limit: Limit = 50,
    payload: Payload = False,
    as_json: AsJson = False,
) -> None:
    """List the events of an outbox, the oldest first.

    Their ids, times, pages, kinds and sizes are shown, not what they say.

    \b
    Examples:
      relay outbox show acme
      relay outbox show acme --dead --since 2h
      relay outbox show 112233445566 --unclaimed
    """
    api, path = admin_api(data_dir, relay_url), path_of(name, unclaimed=unclaimed)
    query = chosen(since=since, until=until, page=page, event_id=event_id)
    query |= {"part": "dead" if dead else "waiting", "payload": "1" if payload else ""}
    events, more = _some_events(api, path, query, limit)
    if as_json:
        print_json(events)
    else:
        print_events(events, dead=dead, payload=payload, empty=_nothing(name, query, unclaimed=unclaimed))
    if more:
        total = 0 if _is_choice(query) else api.get(path)["dead_letters" if dead else "waiting"]
        warn(_more(len(events), total, limit))


def _is_choice(query: dict[str, Any]) -> bool:
    return any(query[name] for name in ("since", "until", "page", "id"))


def _nothing(name: str, query: dict[str, Any], *, unclaimed: bool) -> str:
    if _is_choice(query):
        return "No such event is here."
    whose = f"page {name}" if unclaimed else name
    return f"No event of {whose} is a dead letter." if query["part"] == "dead" else f"Nothing waits for {whose}."


def _more(shown: int, total: int, limit: int) -> str:
    """Say how many there are; `total` is not above `shown` where it is not known."""
    if total <= shown:
        return f"there are more than these {shown}; --limit {min(limit * 10, _MOST)} lists more of them"
    return (
        f"these are {shown} of {total}; --limit {min(total, _MOST)} lists {'all' if total <= _MOST else 'more'} of them"
    )


def _all_outboxes(api: "ApiClient", *, unclaimed: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = api.get("/admin/v1/outboxes", after=after, unclaimed="1" if unclaimed else "")
        found += answer["outboxes"]
        after = answer["next"]
        if not after:
            return found


def _some_events(api: "ApiClient", path: str, query: dict[str, Any], limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Return at most `limit` events, and whether there are more."""
    events: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = api.get(f"{path}/events", **query, after=after, limit=min(_AT_ONCE, limit - len(events)))
        events += answer["events"]
        after = answer["next"]
        if not after or len(events) >= limit:
            return events, bool(after)


app.command()(drop)
app.command()(replay)
app.command("set-aside")(set_aside)
