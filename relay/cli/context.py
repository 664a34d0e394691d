"""What every command needs: its options, the settings, and a client of the running relay's admin API.

Settings and client take 0.4 s of processor time to import, four times what all commands take: neither `--help` nor the
shell, which asks for completions at each Tab, waits for them. So they are imported where a command runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.errors import UserError

if TYPE_CHECKING:
    from shared.api_client import ApiClient

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The relay's data folder.  [env: RELAY_DATA_DIR; default: var/relay]")
]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Where the relay's admin API is.  [env: RELAY_ADMIN_URL; default: this machine]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def admin_api(data_dir: Path | None, url: str | None) -> "ApiClient":
    """Return a client of the running relay. Raises UserError when no token is at hand."""
    from relay.core.settings import CommandSettings
    from shared.api_client import ApiClient
    from shared.local_keys import load_if_there
    from shared.settings import load_settings

    settings = load_settings(CommandSettings, data_dir=data_dir, admin_url=url)
    token = settings.admin_token or load_if_there(settings.admin_token_file)
    if token is None:
        raise UserError(
            "run this in the folder where the relay runs, or give its data folder (--data-dir): no admin token is at"
            f" hand, as {settings.admin_token_file.absolute()} does not exist. A relay that never ran makes it at its"
            " first start (`relay run`); RELAY_ADMIN_TOKEN serves as well"
        )
    return ApiClient(
        settings.commands_url,
        token,
        server="the relay",
        start_hint="Start it with `relay run`, or say where it is with --url",
    )
