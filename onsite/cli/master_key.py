"""`onsite new-master-key` and `onsite rotate-master-key`: first and second step of exchanging ONSITE_MASTER_KEY.

Cryptography takes 0.1 s of processor time to import, and the settings a quarter: that is done where a command runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from onsite.cli.context import AsJson, DataDir, Url, site_api
from shared.console import print_json, say, warn
from shared.progress import progress

if TYPE_CHECKING:
    from shared.api_client import ApiClient


@dataclass(slots=True)
class Rotation:
    """What all parts came to."""

    resealed: int = 0
    already: int = 0
    unreadable: list[str] = field(default_factory=list)
    keys: Sequence[str] = ()
    """Fingerprints of the keys that the running site has, the first one first."""

    def add(self, part: dict[str, Any]) -> None:
        """Add one part."""
        self.resealed += part["resealed"]
        self.already += part["already"]
        self.unreadable += [f"{each['platform']} {each['external_id']}" for each in part["unreadable"]]
        self.keys = part["keys"]

    @property
    def done(self) -> int:
        """Channels that were looked at."""
        return self.resealed + self.already + len(self.unreadable)


def new_master_key() -> None:
    """Print a fresh key for ONSITE_MASTER_KEY.

    It seals the tokens of pages and bots in the database. `onsite rotate-master-key` says how it takes the place of
    another.
    """
    from shared.vault import new_master_key as make

    say(make().get_secret_value())


def rotate_master_key(data_dir: DataDir = None, url: Url = None, *, as_json: AsJson = False) -> None:
    """Seal all tokens anew under the first master key.

    They are in the database: the tokens of pages and bots.

    Before: put a new key in front of the old one, with a comma between, and restart the site. Afterwards: take the old
    key away, and restart it again. The site runs meanwhile, takes messages in and sends. Interrupted at any moment, the
    same command goes on; done twice, it does nothing the second time.

    \b
    Examples:
      onsite new-master-key         a key; set ONSITE_MASTER_KEY=new,old, and restart
      onsite rotate-master-key      then set ONSITE_MASTER_KEY=new, and restart
    """
    local = _local_key(data_dir)
    done = _run(site_api(data_dir, url), hidden=as_json)
    trouble = trouble_of(done, local)
    if as_json:
        print_json(_document(done, old_keys_can_go=not trouble and len(done.keys) > 1))
    else:
        say(f"{done.resealed} channels are sealed anew; {done.already} were under the first key already.")
    for sentence in trouble:
        warn(sentence)
    if trouble:
        raise typer.Exit(1)
    if not as_json:
        say(ending(done.keys))


def trouble_of(done: Rotation, local: str) -> list[str]:
    """Say what keeps the exchange from being complete. `local` is the first key that is set here; empty: not known."""
    trouble = [
        f"no key opens the token of {whose}: add the key it was sealed with, or give the channel its token anew"
        for whose in done.unreadable
    ]
    if local and local not in done.keys:
        trouble.append(
            f"the running site does not know the key that is set here ({local}), and seals under {done.keys[0]}:"
            " restart it, and run this again before you take a key away"
        )
    return trouble


def ending(keys: Sequence[str]) -> str:
    """Say what comes next."""
    first, *earlier = keys
    if not earlier:
        return f"The site has one key, {first}. To exchange it, put another in front of it, and restart the site."
    named = f"The earlier key {earlier[0]}" if len(earlier) == 1 else f"The earlier keys {', '.join(earlier)}"
    return (
        f"{named} can be taken away now: {first} opens everything. Then restart the site. Keep what you take away for"
        " as long as you keep backups of the database from before."
    )


def _run(api: "ApiClient", *, hidden: bool) -> Rotation:
    """Do part after part; a bar shows how far it is."""
    done = Rotation()
    part = _part(api, 0)
    with progress("channels", total=part["total"], hidden=hidden) as advance:
        while True:
            before = done.done
            done.add(part)
            advance(done.done - before)
            if part["next"] is None:
                return done
            part = _part(api, part["next"])


def _part(api: "ApiClient", behind: int) -> dict[str, Any]:
    part: dict[str, Any] = api.post("/api/v1/master-key/rotation", {"behind": behind})
    return part


def _document(done: Rotation, *, old_keys_can_go: bool) -> dict[str, Any]:
    return {
        "resealed": done.resealed,
        "already": done.already,
        "unreadable": done.unreadable,
        "keys": list(done.keys),
        "earlier_keys_can_go": old_keys_can_go,
    }


def _local_key(data_dir: Path | None) -> str:
    """Return the fingerprint of the first key that is set here; empty where none is. Raises UserError."""
    from onsite.bootstrap.keys import known_master_keys
    from onsite.core.settings import OnsiteSettings
    from shared.settings import load_settings
    from shared.vault import fingerprint

    keys = known_master_keys(load_settings(OnsiteSettings, data_dir=data_dir))
    return fingerprint(keys[0]) if keys else ""
