"""Meta's `signed_request`: what it posts when a person removes the app or asks for deletion. Bytes in, value out.

`<signature>.<payload>`, both base64url, usually without padding. The signature is the HMAC-SHA256 of the encoded
payload, as it came, under the app's secret. It is checked before anything in the payload is read.
https://developers.facebook.com/docs/facebook-login/guides/advanced/data-deletion ("Parse the signed request")
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from pydantic import SecretStr

from relay.core.errors import BadSignature, MalformedBody
from shared.lenient import as_id, as_int, decode_object

ALGORITHM = "HMAC-SHA256"
MAX_CHARS = 16_384
"""Far longer than any; what is longer is no request of Meta's."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What Meta vouches for."""

    user_id: str
    """The person, by the id that this app knows them by: whoever connected a page, never a customer."""
    issued_at_s: int | None
    """When; None where it does not say."""


def read_signed_request(text: str, *, app_secret: SecretStr) -> SignedRequest:
    """Read one. Raises BadSignature, or MalformedBody for an authentic one that names nobody."""
    signature, dot, payload = text.partition(".")
    if not dot or len(text) > MAX_CHARS or not payload.isascii():
        raise BadSignature("the signed request is no signature and payload with a dot between them")
    expected = hmac.new(app_secret.get_secret_value().encode(), payload.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_decode(signature), expected):
        raise BadSignature("the signed request's signature is not Meta's under this app's secret")
    return _read(payload)


def _read(payload: str) -> SignedRequest:
    try:
        content = decode_object(_decode(payload))
    except ValueError as error:
        raise MalformedBody(f"the signed request's payload cannot be read: {error}") from None
    algorithm = content.get("algorithm")
    if not isinstance(algorithm, str) or algorithm.upper() != ALGORITHM:
        raise BadSignature(f"the signed request names another algorithm than {ALGORITHM}")
    user_id = as_id(content.get("user_id"))
    if not user_id:
        raise MalformedBody("the signed request names nobody")
    return SignedRequest(user_id, as_int(content.get("issued_at")))


def _decode(text: str) -> bytes:
    """Decode base64url with or without padding; what is none decodes to nothing, which matches no signature."""
    text = text.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
