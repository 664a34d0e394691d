"""`onsite reply`: answers a customer."""

import sys
import time
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say
from shared.errors import UserError

if TYPE_CHECKING:
    from shared.api_client import ApiClient

EXIT_FAILED, EXIT_UNKNOWN, EXIT_WAITING = 3, 4, 5

ASK_S = 20
"""How long one question waits at the site for an answer."""


def reply(
    conversation: Annotated[int, typer.Argument(help="Its number, from `onsite conversations`.", show_default=False)],
    text: Annotated[str, typer.Argument(help="What to say; - reads it from the standard input.", show_default=False)],
    wait_s: Annotated[float, typer.Option(help="With --wait: for how long at most.", min=0)] = 120,
    data_dir: DataDir = None,
    url: Url = None,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is known what became of it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send a text to the customer. It is stored first, and sent as soon as it is its turn.

    With --wait the exit code says what became of it: 0 sent, 3 failed, 4 unknown (nobody can say whether it arrived),
    5 not sent yet.

    \b
    Examples:
        onsite reply 3 "Your parcel is on its way."
        onsite reply 3 --wait - < answer.txt
    """
    api = site_api(data_dir, url)
    words = sys.stdin.read().strip() if text == "-" else text
    body = {"text": words, "client_id": uuid.uuid4().hex}
    message = api.post(f"/api/v1/conversations/{conversation}/replies", body)
    if wait:
        message = _wait(api, message, wait_s)
    if as_json:
        print_json(message)
    elif not wait:
        say(f"Message {message['id']} is queued; `onsite messages {conversation}` shows what becomes of it.")
    _end(message, wait=wait, as_json=as_json)


def _wait(api: "ApiClient", message: dict[str, Any], wait_s: float) -> dict[str, Any]:
    """Ask until the message is settled or the time is over; each question waits at the site."""
    deadline = time.monotonic() + wait_s
    while message["state"] in {"queued", "sending"} and (left_s := deadline - time.monotonic()) > 0:
        message = api.get(f"/api/v1/messages/{message['id']}", wait_s=min(left_s, ASK_S))
    return message


def _end(message: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    if not wait:
        return
    code = {"failed": EXIT_FAILED, "unknown": EXIT_UNKNOWN, "queued": EXIT_WAITING, "sending": EXIT_WAITING}.get(
        message["state"], 0
    )
    sentence = message["failure"]["sentence"] if message["failure"] else ""
    if as_json:
        raise typer.Exit(code)
    if code == 0:
        say(f"Message {message['id']} is {message['state']}.")
        return
    raise NotSent(f"message {message['id']} is {message['state']}" + (f": {sentence}" if sentence else ""), code)


class NotSent(UserError):
    """What became of a reply that is not known to be sent."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
