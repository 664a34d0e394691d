"""`onsite settle`: an operator says what became of a reply whose outcome is unknown."""

from enum import StrEnum
from typing import Annotated

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say


class Seen(StrEnum):
    """What the operator saw."""

    SENT = "sent"
    FAILED = "failed"


def settle(
    message: Annotated[int, typer.Argument(help="Its number, from `onsite messages`.", show_default=False)],
    seen: Annotated[Seen, typer.Argument(help="What you saw in the app of the platform.", show_default=False)],
    data_dir: DataDir = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say of an unknown reply whether it arrived. Nothing is sent by this.

    \b
    Example:
        onsite settle 17 sent
    """
    settled = site_api(data_dir, url).post(f"/api/v1/messages/{message}/settle", {"as": str(seen)})
    if as_json:
        print_json(settled)
    else:
        say(f"Message {message} is {settled['state']}.")
