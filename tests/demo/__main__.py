"""`python -m tests.demo`: starts everything, says what to try, and stays until Ctrl-C."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from shared.console import run_app, say
from shared.errors import UserError
from shared.runtime import run_async, stop_event
from tests.demo.ports import DemoPorts, ports_from
from tests.demo.stage import Demo, demo
from tests.world.process import CommandFailed

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_WHAT_TO_TRY = """\

The customers' phones    {phones}
The relay                {relay}
The site                 {site}

Be the contact centre in another terminal of this folder. These two lines sign you in:

    export ONSITE_DATA_DIR={site_data} ONSITE_PORT={site_port} RELAY_DATA_DIR={relay_data} RELAY_PORT={relay_port}
    export PATH={bin}:$PATH

Three things to try:

 1. Open the phones, write something as Ada (Messenger) or Grace (Telegram), then read and answer it:
        onsite conversations
        onsite messages 1
        onsite reply 1 "Hello, how can we help?"
 2. Pull the site's plug; it comes back by itself after some seconds. Write as Ada meanwhile, and watch it wait:
        kill -9 {site_pid}
        relay status                (the site is parked; its next attempt may be far away)
        onsite status               (once it is back: it has announced itself, and nothing waits any more)
        onsite conversations        (nothing is lost, nothing is there twice)
 3. Read from the API what your own system would read:
        curl -H "Authorization: Bearer $(cat {site_data}/api-token)" {site}/api/v1/conversations

Ctrl-C stops everything.
"""


@app.command()
def main(
    first_port: Annotated[int, typer.Option(help="First of five ports in a row.")] = 8080,
) -> None:
    """Show Social Relay on this machine: relay, site, and both platforms simulated."""
    ports = ports_from(first_port)
    try:
        run_async(_show(ports))
    except CommandFailed as failure:
        raise UserError(str(failure).rstrip()) from None


async def _show(ports: DemoPorts) -> None:
    stop = stop_event()
    with tempfile.TemporaryDirectory(prefix="relay-demo-") as folder:
        say("Starting the relay, a site, and two simulated platforms …")
        async with demo(Path(folder), ports) as running:
            say(_what_to_try(running))
            await stop.wait()
            say("Stopping …")
    say("Everything is stopped; the demo's data is gone.")


def _what_to_try(running: Demo) -> str:
    return _WHAT_TO_TRY.format(
        phones=running.phones_url,
        relay=running.relay.base_url,
        site=running.site.base_url,
        site_data=running.site.env["ONSITE_DATA_DIR"],
        site_port=running.site.port,
        relay_data=running.relay.env["RELAY_DATA_DIR"],
        relay_port=running.relay.port,
        site_pid=running.site.pid,
        bin=Path(sys.executable).parent,
    )


if __name__ == "__main__":
    run_app(app, "demo")
