"""The `relay` command: all of its commands in one place."""

from importlib import metadata
from typing import Annotated

import typer

from relay.cli import binding, check, connect, master_key, outbox, removal, rotation, server, site, site_check, status
from shared.console import say
from shared.typer_words import PlainGroup

app = typer.Typer(
    name="relay",
    cls=PlainGroup,
    help=(
        "The cloud half of Social Relay: takes Facebook's webhooks for many sites, brings each event to its site.\n\n"
        "Start with `relay run`; then, in another terminal, `relay site add`, and `relay connect` or `relay bind`."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(*, asked: bool) -> None:
    if asked:
        say(f"relay {metadata.version('social-relay')}")
        raise typer.Exit


@app.callback()
def relay(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before any command."""


app.command(rich_help_panel="Servers")(server.run)
app.command(rich_help_panel="Servers")(server.serve)
app.command(rich_help_panel="Servers")(server.worker)
site.app.command("check")(site_check.check)
site.app.command("rotate-secret")(rotation.rotate_secret)
site.app.command("remove")(removal.remove)
app.add_typer(site.app, name="site")
app.command()(binding.bind)
app.command()(binding.unbind)
app.command()(binding.bindings)
app.command()(connect.connect)
app.add_typer(outbox.app, name="outbox")
app.command()(status.status)
app.command()(check.check)


app.command("rotate-master-key")(master_key.rotate_master_key)


@app.command("new-master-key")
def new_master_key() -> None:
    """Print a fresh key for RELAY_MASTER_KEY.

    It seals the sites' secrets in Redis.
    """
    from shared.vault import new_master_key as make  # cryptography takes 0.1 s to import, as much as all commands

    say(make().get_secret_value())
