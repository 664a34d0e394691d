"""One process for each data folder: a lock that the system itself gives back when its holder dies."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.errors import UserError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Holds a folder for this process while it is entered."""

    def __init__(self, folder: Path, *, owner: str) -> None:
        """`owner` names the command in the sentence for whoever comes second: `relay run`."""
        self._folder = folder
        self._owner = owner
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the folder, making it if need be. Raises UserError when it is taken or cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UserError(f"the data folder {self._folder} cannot be used: {error.strerror}") from None
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise UserError(
                f"the data folder {self._folder} is in use by another `{self._owner}`:"
                " stop that one, or choose another folder with --data-dir"
            ) from None
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the folder back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
