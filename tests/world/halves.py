"""A relay and a site, set up the way their README says, against simulated platforms."""

from dataclasses import dataclass
from pathlib import Path

from tests.world.ports import free_port
from tests.world.process import Server

APP_ID = "1517776481860111"
APP_SECRET = "app-secret-example"
VERIFY_TOKEN = "verify-token-example"


def new_relay(folder: Path, *, port: int | None = None, graph_url: str = "") -> Server:
    """Prepare a relay with an embedded Redis in `folder`."""
    port = port or free_port()
    env = {
        "RELAY_FACEBOOK_APP_ID": APP_ID,
        "RELAY_FACEBOOK_APP_SECRET": APP_SECRET,
        "RELAY_FACEBOOK_VERIFY_TOKEN": VERIFY_TOKEN,
        "RELAY_DATA_DIR": str(folder / "data"),
        "RELAY_PORT": str(port),
        "RELAY_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    if graph_url:
        env |= {"RELAY_GRAPH_URL": graph_url, "RELAY_FACEBOOK_DIALOG_URL": graph_url}
    return Server("relay", folder=folder, port=port, env=env)


@dataclass(frozen=True)
class Platforms:
    """Where the simulated platforms listen."""

    graph_url: str
    telegram_url: str


async def new_site(name: str, folder: Path, relay: Server, platforms: Platforms, *, port: int | None = None) -> Server:
    """Register a site at a running relay and prepare it with the secret that the relay printed."""
    port = port or free_port()
    here = ("--allow-insecure", "--allow-network", "127.0.0.0/8")
    added = await relay.command("site", "add", name, f"http://127.0.0.1:{port}", *here)
    env = {
        "ONSITE_SITE": name,
        "ONSITE_RELAY_SECRET": added["secret"],
        "ONSITE_RELAY_URL": relay.base_url,
        "ONSITE_DATA_DIR": str(folder / "data"),
        "ONSITE_PORT": str(port),
        "ONSITE_GRAPH_URL": platforms.graph_url,
        "ONSITE_TELEGRAM_URL": platforms.telegram_url,
    }
    return Server("onsite", folder=folder, port=port, env=env)
