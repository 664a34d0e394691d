"""The `onsite` command: all of its commands in one place."""

from importlib import metadata
from typing import Annotated

import typer

from onsite.cli import (
    backfill,
    channel,
    check,
    close,
    connect,
    conversations,
    disconnect,
    master_key,
    media,
    messages,
    quarantine,
    reply,
    run,
    settle,
    status,
)
from shared.console import say
from shared.typer_words import PlainGroup

app = typer.Typer(
    name="onsite",
    cls=PlainGroup,
    help=(
        "The on-site half of Social Relay: keeps the conversations with your customers in Messenger and Telegram,"
        " and sends your replies straight to the platforms.\n\n"
        "Start with `onsite run`; then, in another terminal, `onsite connect` or `onsite channel add`, and"
        " `onsite conversations`."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(*, asked: bool) -> None:
    if asked:
        say(f"onsite {metadata.version('social-relay')}")
        raise typer.Exit


@app.callback()
def onsite(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before any command."""


app.command()(run.run)
app.add_typer(channel.app, name="channel")
app.command()(connect.connect)
app.command()(disconnect.disconnect)
app.command()(conversations.conversations)
app.command()(messages.messages)
app.command()(reply.reply)
app.command()(settle.settle)
app.command()(close.close)
app.command()(close.reopen)
app.command()(status.status)
app.command()(backfill.backfill)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(media.app, name="media")
app.command()(check.check)
app.command("new-master-key")(master_key.new_master_key)
app.command("rotate-master-key")(master_key.rotate_master_key)
