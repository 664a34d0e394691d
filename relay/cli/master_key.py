"""`relay rotate-master-key`: the second step of exchanging RELAY_MASTER_KEY."""

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from shared.console import print_json, say, warn

TIMEOUT_S = 600.0
"""For thousands of sites and pages; what was done by then is done."""


def rotate_master_key(data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Seal all secrets anew under the first master key.

    They are in Redis: the secrets of sites, and the tokens of pages.

    Before: put a new key in front of the old one, with a comma between, and restart every process of the relay.
    Afterwards: take the old key away, and restart again. Done twice, it does nothing the second time.

    \b
    Examples:
      relay new-master-key          a key; set RELAY_MASTER_KEY=new,old, and restart
      relay rotate-master-key       then set RELAY_MASTER_KEY=new, and restart
    """
    done = admin_api(data_dir, relay_url).post("/admin/v1/master-key/rotation", timeout_s=TIMEOUT_S)
    if as_json:
        print_json(done)
    else:
        say(f"{done['resealed']} records are sealed anew; {done['already']} were under the first key already.")
    for whose in done["unreadable"]:
        warn(f"no key opens what is kept of {whose}: add the key it was sealed with, or set it up anew")
    if done["unreadable"]:
        raise typer.Exit(1)
    if not as_json:
        say("The earlier keys can be taken out of RELAY_MASTER_KEY in 15 minutes, when logins under way have ended.")
