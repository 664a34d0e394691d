"""`relay outbox drop`, `replay` and `set-aside`: what an operator does with events that do not go their own way."""

from typing import Annotated, Any

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.outbox_options import Dead, DryRun, EventId, Name, Page, Since, Unclaimed, Until, chosen, path_of
from relay.cli.outbox_steps import Steps, Total
from relay.cli.outbox_tables import name_of, size_text
from shared.confirming import Yes, confirm
from shared.console import print_json, say
from shared.errors import UserError


class NothingChosen(UserError):
    """Everything was meant, which nobody means."""

    exit_code = 2


def drop(
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
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Delete events for good. Nobody gets them; they are counted as dropped by an operator.

    Without a choice it is all that waits. Events that are on their way to the site at this moment are waited for, and
    left alone if they do not come back within half a minute. What comes in meanwhile is not touched.

    \b
    Examples:
      relay outbox drop acme --id 1763806800123-0     the one event that blocks a site
      relay outbox drop acme --dead --until 7d        dead letters that are a week old
      relay outbox drop 112233445566 --unclaimed      what a page got that nobody will claim
    """
    work = _Work(name, data_dir, relay_url, unclaimed=unclaimed, dead=dead, as_json=as_json)
    steps = work.steps(chosen(since=since, until=until, page=page, event_id=event_id))
    counted = steps.run("drop", label="counting", done_word="were counted", dry_run=True)
    if dry_run or not counted.chosen + counted.in_flight:
        work.report(counted, "drop", ("would be dropped", "would be dropped"), dry_run=True)
        return
    if not yes:
        question = f"Drop {work.what(counted.chosen + counted.in_flight)} of {work.whose} for good?"
        confirm(question, otherwise="--yes does it, --dry-run says what it would do")
    dropped = steps.run("drop", label="dropping", done_word="were dropped", last=counted.last)
    work.report(dropped, "drop", ("was dropped", "were dropped"), dry_run=False)


def replay(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    unclaimed: Unclaimed = False,
    dead: Annotated[bool, typer.Option("--dead", help="Dead letters: all that can be replayed.")] = True,
    since: Since = "",
    until: Until = "",
    page: Page = "",
    event_id: EventId = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters once more.

    Do so when the site was upgraded, for example. They go to the end of the outbox, behind what waits: their own
    place in the order is gone. What the site refuses again is a dead letter again. Those of an unclaimed page that
    was bound meanwhile go to its site.

    Example:  relay outbox replay acme --dead --since 2h
    """
    work = _Work(name, data_dir, relay_url, unclaimed=unclaimed, dead=dead, as_json=as_json)
    steps = work.steps(chosen(since=since, until=until, page=page, event_id=event_id))
    replayed = steps.run("replay", label="replaying", done_word="were replayed", dry_run=dry_run)
    would, did = ("would be replayed", "would be replayed"), ("is on its way", "are on their way")
    work.report(replayed, "replay", would if dry_run else did, dry_run=dry_run)


def set_aside(
    name: Name,
    data_dir: DataDir = None,
    relay_url: Url = None,
    *,
    unclaimed: Unclaimed = False,
    since: Since = "",
    until: Until = "",
    page: Page = "",
    event_id: EventId = "",
    reason: Annotated[str, typer.Option(metavar="WHY", help="Noted with each dead letter.")] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make dead letters of waiting events.

    They are kept, and no longer stand in the way of what is behind them.

    This is for an event that blocks its site, as a firewall in front of the site refuses it for ever. `relay status`
    names the last error, `relay outbox show` the event at the head. `relay outbox replay` brings it back.

    Example:  relay outbox set-aside acme --id 1763806800123-0 --reason "refused by the firewall"
    """
    if not (since or until or page or event_id):
        raise NothingChosen("say which events: --id, --page, --since or --until")
    work = _Work(name, data_dir, relay_url, unclaimed=unclaimed, dead=False, as_json=as_json)
    steps = work.steps(chosen(since=since, until=until, page=page, event_id=event_id) | {"reason": reason})
    aside = steps.run("set-aside", label="setting aside", done_word="were set aside", dry_run=dry_run)
    would, did = ("would be set aside", "would be set aside"), ("is a dead letter now", "are dead letters now")
    work.report(aside, "set aside", would if dry_run else did, dry_run=dry_run)


class _Work:
    """One command on one part of one outbox."""

    def __init__(self, name: str, data_dir: Any, url: Any, *, unclaimed: bool, dead: bool, as_json: bool) -> None:
        self._api = admin_api(data_dir, url)
        self._path = path_of(name, unclaimed=unclaimed)
        self._dead = dead
        self._as_json = as_json
        self._outbox = self._api.get(self._path)
        self.whose = name_of(self._outbox)

    def what(self, count: int) -> str:
        """Name so many of what this is about."""
        return f"{count} {'dead letter' if self._dead else 'waiting event'}{'' if count == 1 else 's'}"

    def steps(self, body: dict[str, Any]) -> Steps:
        """Return the steps in which these are gone through."""
        body = {"part": "dead" if self._dead else "waiting"} | body
        total = self._outbox["dead_letters" if self._dead else "waiting"]
        return Steps(self._api, self._path, body, total=total, quiet=self._as_json)

    def report(self, total: Total, verb: str, done: tuple[str, str], *, dry_run: bool) -> None:
        """Say what was `done` to one or to several, or that there was nothing to `verb`.

        Exit code 1 where it was not done to all.
        """
        if self._as_json:
            print_json(
                {
                    "site": self._outbox["site"],
                    "page_id": self._outbox["page_id"],
                    "dry_run": dry_run,
                    "chosen": total.chosen,
                    "bytes": total.size,
                    "in_flight": total.in_flight,
                    "full": total.full,
                }
            )
        elif not total.chosen + total.in_flight:
            say(f"Nothing to {verb}.")
        else:
            say(f"{self.what(total.chosen)} of {self.whose} ({size_text(total.size)}) {done[total.chosen != 1]}.")
            self._say_what_is_left(total)
        if total.full or (total.in_flight and not dry_run):
            raise typer.Exit(1)

    def _say_what_is_left(self, total: Total) -> None:
        if total.in_flight:
            say(
                f"{total.in_flight} more are on their way to the site at this moment: they are delivered, or they wait"
                " again when it does not answer. The same command then has them, too."
            )
        if total.full:
            say("There is no room for more of them where they go. The same command goes on when there is.")
