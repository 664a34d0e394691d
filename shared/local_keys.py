"""Secrets that a half makes for itself on first start and keeps in its data folder, readable by its owner only.

They make a fresh machine work without a single setting; a setting of the same meaning always wins over the file.
"""

import os
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from shared.errors import UserError


def load_or_create(path: Path, make: Callable[[], SecretStr]) -> SecretStr:
    """Read the secret in `path`, or make one and store it there (mode 0600). Safe when two processes start at once.

    Raises UserError when it can be neither read nor written.
    """
    try:
        _create(path, make())
    except FileExistsError:
        pass
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); is this the right data folder?") from None
    return load(path)


def load_if_there(path: Path) -> SecretStr | None:
    """Read the secret in `path`, or return None where no such file is. Raises UserError like `load`."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # a folder of another user's: `Path.exists` raises there as well
        raise _unreadable(path, error) from None
    return load(path)


def load(path: Path) -> SecretStr:
    """Read the secret in `path`. Raises UserError when it cannot be read or is empty."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise UserError(f"{path} cannot be read (it is no UTF-8 text); restore it from a backup") from None
    if not text:
        raise UserError(f"{path} is empty; restore it from a backup, or delete it to have a new secret made")
    return SecretStr(text)


def _unreadable(path: Path, error: OSError) -> UserError:
    if isinstance(error, PermissionError):
        return UserError(
            f"{path} cannot be read by this user: run the command as the user who runs the server, or with sudo"
        )
    return UserError(f"{path} cannot be read ({error.strerror}); is this the right data folder?")


def _create(path: Path, secret: SecretStr) -> None:
    """Write the whole file under another name first, so that no reader ever sees half a secret."""
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret.get_secret_value() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, a link never replaces what another process made first
    finally:
        draft.unlink()
