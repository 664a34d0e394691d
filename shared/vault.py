"""Encryption at rest: short secrets (tokens, site secrets) in Redis or SQL. Not for messages, not for files.

Keys are Fernet keys (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec). The first encrypts, all decrypt:
a key is rotated by putting the new one first.
"""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from shared.errors import UserError, VaultError


def new_master_key() -> SecretStr:
    """Make a fresh key."""
    return SecretStr(Fernet.generate_key().decode())


def fingerprint(key: SecretStr) -> str:
    """Name a key without telling it: 8 hex digits of its SHA-256."""
    return hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:8]


def is_master_key(text: str) -> bool:
    """Whether `text` is a usable key: 32 bytes in base64url, and nothing else that a decoder would pass over."""
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32  # noqa: PLR2004  the Fernet specification's key length
    except ValueError:
        return False


def read_keys(text: SecretStr, *, source: str) -> list[SecretStr]:
    """Read one key, or several with commas between, newest first. Raises UserError, which names the `source` alone."""
    keys = [key.strip() for key in text.get_secret_value().split(",")]
    if not all(map(is_master_key, keys)):
        raise UserError(f"{source} holds no master key: each is 32 bytes in base64url, with a comma between several")
    return [SecretStr(key) for key in keys]


class Vault:
    """Seals and opens short texts with one or more keys."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        fernets = [Fernet(key.get_secret_value()) for key in keys]
        self._first, self._fernet = fernets[0], MultiFernet(fernets)
        self.fingerprints = tuple(map(fingerprint, keys))
        """Of the keys, in their order."""

    def seal(self, secret: SecretStr) -> str:
        """Encrypt under the first key."""
        return self._fernet.encrypt(secret.get_secret_value().encode()).decode()

    def reseal(self, sealed: str) -> str:
        """Return the same where the first key opens it, else what it holds sealed anew. Raises VaultError."""
        return sealed if self.is_under_first(sealed) else self.seal(self.open(sealed))

    def is_under_first(self, sealed: str) -> bool:
        """Whether the first key opens it."""
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def opens(self, sealed: str) -> bool:
        """Whether any key does."""
        try:
            self.open(sealed)
        except VaultError:
            return False
        return True

    def open(self, sealed: str) -> SecretStr:
        """Decrypt under whichever key fits. Raises VaultError when none does."""
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode()).decode())
        except (InvalidToken, UnicodeError):
            raise VaultError(
                "an encrypted value cannot be opened: the master key is not the one it was sealed with."
                " Restore the earlier key (append it to the master key setting, separated by a comma)"
            ) from None
