"""`onsite messages`: one conversation, as it was said."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from onsite.cli.context import AsJson, Before, DataDir, Limit, Url, site_api
from shared.console import print_json, print_table, say

_COLUMNS = {"id": "ID", "sent_at": "SENT", "who": "FROM", "what": "MESSAGE", "state": "STATE"}
_PROSE = {"what", "state"}


def messages(
    conversation: Annotated[int, typer.Argument(help="Its number, from `onsite conversations`.", show_default=False)],
    limit: Limit = 50,
    before: Before = None,
    data_dir: DataDir = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the latest messages of a conversation.

    They stand in the order in which they were sent.

    \b
    Example:
        onsite messages 3
    """
    query = {"limit": limit} | ({"before": before} if before else {})
    page = site_api(data_dir, url).get(f"/api/v1/conversations/{conversation}/messages", **query)
    if as_json:
        print_json(page)
        return
    if page["next"]:
        say(f"Older ones: onsite messages {conversation} --before {page['next']}\n")
    rows = [_row(each) for each in reversed(page["messages"])]
    print_table(rows, _COLUMNS, empty="Nothing was said yet.", prose=_PROSE)


def _row(message: dict[str, Any]) -> dict[str, Any]:
    failure = message["failure"]
    state = ", ".join(filter(None, (message["state"], "backfilled" if message["backfilled"] else "")))
    return message | {
        "who": message["author_name"] or message["author"],
        "what": what_of(message),
        "state": f"{state}: {failure['sentence']}" if failure else state,
    }


def what_of(message: dict[str, Any]) -> str:
    """Say in one cell what a message is: its text, its label, its attachments, and what became of it."""
    label = f"[{message['label']}]" if message["label"] else ""
    attachments = map(_attachment, message["attachments"])
    return " ".join(filter(None, (*_before(message), message["text"], label, *attachments, *_became(message))))


def _attachment(attachment: dict[str, Any]) -> str:
    lines = attachment["description"].splitlines()
    words = " ".join([attachment["kind"], attachment["name"] or attachment["title"], *lines]).strip()
    return f"[{words}{_where(attachment['media'])}]"


def _where(media: dict[str, Any] | None) -> str:
    """Say where a file is, or why it is not here."""
    if media is None:
        return ""
    if media["state"] == "pending":
        return f", file {media['id']} on its way"
    return f", file {media['id']}" + (f": {media['reason']['sentence']}" if media["reason"] else "")


def _before(message: dict[str, Any]) -> Iterator[str]:
    if message["forwarded_from"]:
        yield f"[forwarded from {message['forwarded_from']}]"
    if message["quote"]:
        yield f"[about: {message['quote']}]"


def _became(message: dict[str, Any]) -> Iterator[str]:
    for span in message["formatting"]:
        if span["style"] == "link":  # a text may say one address and lead to another
            yield f"[link: {span['target']}]"
    if referral := message["referral"]:
        yield f"[came by {' '.join(filter(None, (referral['source'], referral['ref'], referral['title'])))}]"
    if message["earlier"]:
        yield f"[edited; before: {message['earlier'][-1]['text']}]"
    for reaction in message["reactions"]:
        yield f"[{reaction['author_name'] or reaction['author']}: {reaction['text']}]"
    if message["deleted_at"]:
        yield "[taken back]"
