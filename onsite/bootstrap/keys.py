"""The master keys of a site: those that are set, else those in the data folder's file. Not what they open.

Both may hold several, the newest first, with commas between: the first seals, all open.
"""

from pydantic import SecretStr

from onsite.core.settings import OnsiteSettings
from shared.local_keys import load_if_there, load_or_create
from shared.vault import new_master_key, read_keys


def master_keys_of(settings: OnsiteSettings) -> list[SecretStr]:
    """Return the keys; where there is none, make one and keep it. Raises UserError for a file that holds none."""
    return settings.master_keys or _read(settings, load_or_create(settings.master_key_file, new_master_key))


def known_master_keys(settings: OnsiteSettings) -> list[SecretStr]:
    """Return the keys, and make none: no key is there before the site's first start. Raises UserError."""
    found = load_if_there(settings.master_key_file) if settings.master_key is None else None
    return settings.master_keys or ([] if found is None else _read(settings, found))


def _read(settings: OnsiteSettings, text: SecretStr) -> list[SecretStr]:
    return read_keys(text, source=f"the file {settings.master_key_file}")
