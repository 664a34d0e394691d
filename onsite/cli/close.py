"""`onsite close` and `onsite reopen`: what is done with, and what is not after all."""

from typing import Annotated

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say

Conversation = Annotated[
    int, typer.Argument(help="Its number, from `onsite conversations`.", show_default=False, metavar="conversation")
]


def close(conversation: Conversation, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Close a conversation that is done with.

    It opens again by itself with the next message of the customer's.

    \b
    Example:
        onsite close 3
    """
    site_api(data_dir, url).post(f"/api/v1/conversations/{conversation}/close", {})
    if as_json:
        print_json({"closed": conversation})
    else:
        say(f"Conversation {conversation} is closed.")


def reopen(conversation: Conversation, data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Open a conversation again that was closed."""
    site_api(data_dir, url).post(f"/api/v1/conversations/{conversation}/reopen", {})
    if as_json:
        print_json({"reopened": conversation})
    else:
        say(f"Conversation {conversation} is open.")
