"""What `onsite check` looks at on this machine without asking anybody: the data folder, and how much room is left."""

from pathlib import Path

from onsite.adapters import disk
from onsite.adapters.sql.sqlite_file import sqlite_path
from onsite.core import machine_checks as checks
from onsite.core.settings import OnsiteSettings
from shared.checks import Check, failed

THE_FOLDER, THE_DATABASE = "the data folder", "the database"


async def look_at_folder(settings: OnsiteSettings) -> list[Check]:
    """Try to write where the site keeps things; nothing stays of it."""
    folder = settings.data_dir
    try:
        if not folder.exists():
            above = disk.nearest_folder(folder.absolute())
            return [checks.no_folder(str(folder), str(above), trouble=disk.why_not_writable(above))]
        unusable = disk.unusable([settings.api_token_file, settings.master_key_file, folder / "lock"])
    except OSError as error:
        return [checks.judge_folder(str(folder), trouble=error.strerror or "it cannot be looked at")]
    trouble = disk.why_not_writable(folder)
    return [checks.judge_folder(str(folder), trouble=trouble, unusable=[file.name for file in unusable])]


async def look_at_room(settings: OnsiteSettings) -> list[Check]:
    """Ask how much is free where things are kept. Raises UserError for a database's address that is none."""
    file = sqlite_path(settings.database_url, settings.data_dir)
    try:
        return checks.judge_rooms(
            _room(THE_FOLDER, settings.data_dir), None if file is None else _room(THE_DATABASE, file)
        )
    except OSError as error:
        words = f"{error.filename or settings.data_dir} cannot be looked at: {error.strerror}"
        return [failed(checks.DISK, words, checks.OWN_IT)]


def _room(what: str, path: Path) -> checks.Room:
    return checks.Room(what, *disk.device_and_free_bytes(path.absolute()))
