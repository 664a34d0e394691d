"""`onsite channel …`: the Facebook pages and Telegram bots of this site."""

from typing import Annotated, Any

import typer

from onsite.cli.channel_add import app as add_app
from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, print_table, say

app = typer.Typer(help="Connect pages and bots, and see how they are.", no_args_is_help=True)
app.add_typer(add_app, name="add")

ChannelId = Annotated[int, typer.Argument(help="The channel's number, from `onsite channel list`.", show_default=False)]

COLUMNS = {
    "id": "ID",
    "platform": "PLATFORM",
    "external_id": "PAGE OR BOT",
    "name": "NAME",
    "state": "STATE",
    "sentence": "WHAT TO DO",
}


@app.command("list")
def list_channels(data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """List all channels with their health."""
    channels = site_api(data_dir, url).get("/api/v1/channels")["channels"]
    if as_json:
        print_json(channels)
    else:
        print_channels(channels)


@app.command()
def show(channel_id: ChannelId, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Show one channel."""
    channel = site_api(data_dir, url).get(f"/api/v1/channels/{channel_id}")
    if as_json:
        print_json(channel)
    else:
        print_channels([channel])


@app.command()
def remove(channel_id: ChannelId, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Erase a channel's token and take it off the list. Its conversations stay.

    A Facebook page whose messages still arrive comes back by itself, without a token: unbind it at the relay as well.
    """
    site_api(data_dir, url).delete(f"/api/v1/channels/{channel_id}")
    if as_json:
        print_json({"removed": channel_id})
    else:
        say(f"Channel {channel_id} is removed; its conversations are kept.")


def print_channels(channels: list[dict[str, Any]]) -> None:
    """Print channels as a table."""
    empty = "No channel yet: `onsite connect` adds Facebook pages, `onsite channel add telegram` a bot."
    print_table(channels, COLUMNS, empty=empty, prose={"sentence"})
