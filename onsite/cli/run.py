"""`onsite run`: the command that stays until it is stopped.

What it runs takes more than a second of processor time to import, and the settings a quarter: that is done where it
runs, and no other command waits for it.
"""

from typing import Annotated

import typer

from onsite.cli.context import DataDir

Host = Annotated[
    str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.  [env: ONSITE_HOST; default: 127.0.0.1]")
]
Port = Annotated[int | None, typer.Option(help="Port to listen on.  [env: ONSITE_PORT; default: 8090]")]


def run(data_dir: DataDir = None, host: Host = None, port: Port = None) -> None:
    """Run the site.

    It takes in what the relay pushes, polls Telegram, and sends replies.

    Everything it keeps is in the data folder. Stop it with Ctrl-C or SIGTERM; whatever it has accepted is on disk.

    Telegram needs no setting; `onsite channel add telegram` is enough. For Facebook set ONSITE_SITE and
    ONSITE_RELAY_SECRET, as the relay's operator told you, in the environment or in a file named .env in this folder;
    with ONSITE_RELAY_URL beside them the site announces itself, what waited comes at once, and `onsite connect` makes
    a link with which somebody connects pages in a browser.
    """
    from onsite.core.settings import OnsiteSettings
    from shared.logs import configure_logs
    from shared.runtime import run_async
    from shared.settings import load_settings

    settings = load_settings(OnsiteSettings, data_dir=data_dir, host=host, port=port)
    configure_logs(level=settings.log_level)
    from onsite.bootstrap import run as run_site

    run_async(run_site(settings))
