"""What the system tells of folders: whether they can be written, and how much room is left. Leaves no trace."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

PROBE_BYTES = 4096
"""As much as a file system gives at once: a full one refuses them."""


def nearest_folder(path: Path) -> Path:
    """Return the folder, or the one above it that is there. Raises OSError where that cannot be told."""
    return path if path.exists() or path.parent == path else nearest_folder(path.parent)


def device_and_free_bytes(path: Path) -> tuple[int, int]:
    """Return the number of the disk on which a path lies, or would lie, and what is free there. Raises OSError."""
    # Through links, as SQLite goes through them: a file that is linked here fills the disk on which it really is.
    folder = nearest_folder(path.resolve())
    return folder.stat().st_dev, shutil.disk_usage(folder).free


def why_not_writable(folder: Path) -> str:
    """Return why nothing can be written there, empty where it can. On Linux the file that is tried has no name."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(b"\0" * PROBE_BYTES)
            os.fsync(probe.fileno())
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def unusable(files: Iterable[Path]) -> list[Path]:
    """Return those of the files that are there and that this user can not both read and write."""
    return [file for file in files if file.exists() and not os.access(file, os.R_OK | os.W_OK)]
