"""A page's token on its way from the relay to a site: sealed, so that whoever reads the way cannot use it.

The way holds it in the clear nowhere: not the outbox in Redis with its files and copies, not a proxy that ends TLS in
front of the site. The key is derived from the site's secret. While that rotates the token is sealed once for each
secret, as nobody knows which one the site has when it gets there. What is sealed names its page, so that it opens for
no other.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from shared.errors import VaultError
from shared.site_secret import key_of
from shared.vault import Vault

LABEL = "page-token"
"""HKDF label of the key (RFC 5869, SHA-256, 32 bytes)."""


@dataclass(frozen=True, slots=True)
class PageToken:
    """What a page's calls need."""

    token: SecretStr
    proof: SecretStr | None
    """Its `appsecret_proof` (`shared.graph.appsecret_proof`), as the app's secret never leaves the relay."""


class _Sealed(msgspec.Struct, frozen=True):
    page_id: str
    token: str
    proof: str | None = None


def seal(token: PageToken, *, page_id: str, secrets: Sequence[SecretStr]) -> list[str]:
    """Seal a token for a page, once for each of the site's secrets. Raises InvalidSiteSecret."""
    proof = None if token.proof is None else token.proof.get_secret_value()
    content = msgspec.json.encode(_Sealed(page_id, token.token.get_secret_value(), proof)).decode()
    return [_vault(secret).seal(SecretStr(content)) for secret in secrets]


def unseal(sealed: Sequence[str], *, page_id: str, secret: SecretStr) -> PageToken:
    """Open whichever of `sealed` fits. Raises VaultError when none does, or when it is another page's."""
    vault = _vault(secret)
    for each in sealed:
        try:
            content = msgspec.json.decode(vault.open(each).get_secret_value(), type=_Sealed)
        except (VaultError, msgspec.DecodeError):
            continue
        if content.page_id == page_id:
            return PageToken(SecretStr(content.token), None if content.proof is None else SecretStr(content.proof))
    raise VaultError(
        f"the token of page {page_id} was sealed for another secret than this site's: connect the page once more"
    )


def _vault(secret: SecretStr) -> Vault:
    key = HKDF(hashes.SHA256(), length=32, salt=None, info=LABEL.encode()).derive(key_of(secret))
    return Vault([SecretStr(base64.urlsafe_b64encode(key).decode())])
