"""A site's one secret: `whsec_…`, all that an admin handles.

It signs what the relay pushes (`shared.signing`), and everything else between the two is derived from it with HKDF
under a label of its own, so that no derived value tells anything of another or of the secret.
Format: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md ("Signature scheme").
"""

import base64
import binascii
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from shared.errors import InvalidSiteSecret

PREFIX = "whsec_"
MIN_BYTES, MAX_BYTES = 24, 64
NEW_BYTES = 32

API_TOKEN_LABEL = "site-api"  # noqa: S105  a label, not a secret
"""HKDF label of the bearer token with which a site calls the relay."""


def new_site_secret() -> SecretStr:
    """Make a fresh secret from the system's randomness."""
    return SecretStr(PREFIX + base64.b64encode(secrets.token_bytes(NEW_BYTES)).decode())


def key_of(secret: SecretStr) -> bytes:
    """Return the key bytes of a secret.

    Raises InvalidSiteSecret when the text lacks its prefix, is no base64, or holds fewer than 24 or more than 64 bytes.
    """
    text = secret.get_secret_value().strip()
    if not text.startswith(PREFIX):
        raise InvalidSiteSecret(f"a site secret starts with {PREFIX}")
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSiteSecret(f"what follows {PREFIX} is not base64") from None
    if not MIN_BYTES <= len(key) <= MAX_BYTES:
        raise InvalidSiteSecret(f"a site secret holds {MIN_BYTES} to {MAX_BYTES} bytes, this one {len(key)}")
    return key


def api_token(secret: SecretStr) -> SecretStr:
    """Derive the bearer token with which the site calls the relay (RFC 5869, SHA-256, 32 bytes, base64url)."""
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=API_TOKEN_LABEL.encode()).derive(key_of(secret))
    return SecretStr(base64.urlsafe_b64encode(derived).rstrip(b"=").decode())
