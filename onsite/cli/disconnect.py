"""`onsite disconnect`: this site gives a Facebook page back."""

from typing import Annotated, Any

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.confirming import Yes, confirm
from shared.console import print_json, say, warn

TIMEOUT_S = 60.0
"""The relay asks Facebook meanwhile."""


def disconnect(
    page: Annotated[
        str, typer.Argument(help="The Facebook page's id, from `onsite channel list`.", show_default=False)
    ],
    data_dir: DataDir = None,
    url: Url = None,
    *,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a Facebook page back to the relay.

    Its messages come here no more. The relay ends Facebook's subscription, unbinds the page from this site and
    forgets the page's token. What it has accepted until then still comes. Here, conversations, channel and token
    stay; the channel shows as disconnected.

    `onsite connect` brings the page back; `onsite channel remove` erases the token here as well.

    \b
    Example:
        onsite disconnect 112233445566
    """
    api = site_api(data_dir, url)
    if not yes:
        confirm(f"Disconnect page {page}, so that its messages come here no more?", otherwise="--yes does it")
    done = api.post("/api/v1/channels/disconnect", {"page_id": page}, timeout_s=TIMEOUT_S)
    if as_json:
        print_json(done)
    else:
        say(_told(page, done))
    if done["still_subscribed"]:
        warn(f"Facebook goes on sending the page's events to the relay, which keeps them: {done['still_subscribed']}")


def _told(page: str, done: dict[str, Any]) -> str:
    if not done["was_connected"]:
        return f"The relay had page {page} no more as this site's; its channel says so now."
    channel = done["channel"]
    if channel is None:
        return f"Page {page} is disconnected. There is no channel of it here."
    return (
        f"Page {page} is disconnected. Its conversations stay, and so does its channel, number {channel['id']}:"
        " `onsite connect` brings the page back."
    )
