"""What `onsite check` makes of this machine: its data folder, its disks, the database, the master key.

Judgements only: what was found in, lines of a report out; no I/O.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.checks import Check, failed, passed, skipped, warned

FOLDER, DISK, DATABASE, MASTER_KEY = "data folder", "disk space", "database", "master key"
DATABASE_DISK = "disk space, database"
"""Where the database lies on another disk than the data folder."""

OWN_IT = "let the user who runs the site own the data folder; ONSITE_DATA_DIR or --data-dir names it"
DATABASE_AWAY = (
    "is it there, writable, and not locked for long? ONSITE_DATABASE_URL names it, if it is not in the data folder"
)
RIGHT_FILE = "is the path in ONSITE_DATABASE_URL right? If so, `onsite run` begins a database there"
OWN_DATABASE = "name a database of the site's own in ONSITE_DATABASE_URL; this one was left as it is"
MAKE_ROOM = "make room: a full disk takes in no message, and the relay keeps them only for so long"
ROTATE = "`onsite rotate-master-key` seals them under the first one; until then, take no key away"

LOW_BYTES, FULL_BYTES = 1024**3, 64 * 1024**2
"""Free bytes from which on it is told, and from which on the database may soon not be written."""
_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Room:
    """How much is free on the disk that holds something."""

    what: str
    """Such as `the data folder`."""
    device: int
    """The disk's number."""
    free_bytes: int


def judge_folder(folder: str, *, trouble: str, unusable: Sequence[str] = ()) -> Check:
    """Say whether the data folder can be written; `trouble` says why not, `unusable` names files of others in it."""
    if trouble:
        return failed(FOLDER, f"nothing can be written in {folder}: {trouble}", OWN_IT)
    if unusable:
        return failed(FOLDER, f"this user can not read and write {', '.join(unusable)} in {folder}", OWN_IT)
    return passed(FOLDER, f"{folder} can be written")


def no_folder(folder: str, above: str, *, trouble: str) -> Check:
    """Say whether the data folder could be made in the one above it that is there."""
    if trouble:
        return failed(FOLDER, f"{folder} is not there, and cannot be made in {above}: {trouble}", OWN_IT)
    return skipped(FOLDER, f"{folder} is not there yet: `onsite run` makes it at its first start")


def judge_rooms(data: Room, database: Room | None) -> list[Check]:
    """Say whether there is room to grow: a line for each disk. Without a `database`, it lies with a server."""
    if database is None:
        return [_judge_room(DISK, data.free_bytes, data.what)]
    if database.device == data.device:
        return [_judge_room(DISK, data.free_bytes, f"{data.what} and {database.what}")]
    return [
        _judge_room(DISK, data.free_bytes, data.what),
        _judge_room(DATABASE_DISK, database.free_bytes, database.what),
    ]


def judge_keys(first: int, earlier: int, *, keys: int) -> list[Check]:
    """Say whether the first master key opens what channels have; what no key opens is the channel's own line.

    `first` channels are sealed under the first key, `earlier` ones under another.
    """
    if earlier:
        words = f"what {earlier} of {first + earlier} channels have is sealed under an earlier key"
        return [warned(MASTER_KEY, words, ROTATE)]
    if keys > 1:
        return [passed(MASTER_KEY, f"the first of {keys} opens what can be opened: the others can be taken away")]
    return [passed(MASTER_KEY, f"it opens what {first} channels have")] if first else []


def no_database() -> Check:
    """Say that the site was never started here."""
    return skipped(DATABASE, "not there yet: `onsite run` makes it at its first start")


def no_such_file(path: str) -> Check:
    """Say that the file that is named is not there. Nobody may make it by looking: its name may be mistyped."""
    return failed(DATABASE, f"{path} is not there; it was not made", RIGHT_FILE)


def no_tables(path: str) -> Check:
    """Say that a file is there and holds nothing."""
    return failed(DATABASE, f"{path} holds no tables", RIGHT_FILE)


def foreign(path: str, holds: str) -> Check:
    """Say that a file is another program's."""
    return failed(DATABASE, f"{path} is not this site's: {holds}", OWN_DATABASE)


def _judge_room(name: str, free_bytes: int, what: str) -> Check:
    words = f"{free_bytes // _MIB} MiB are free for {what}"
    if free_bytes < FULL_BYTES:
        return failed(name, words, MAKE_ROOM)
    return warned(name, words, MAKE_ROOM) if free_bytes < LOW_BYTES else passed(name, words)
