"""`signed_request`: how Meta proves that a callback is its own; and the ways in which one can be wrong. Pure.

`<base64url of the signature>.<base64url of the payload>`; the signature is over the encoded payload, padding is mostly
stripped. https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

ALGORITHM = "HMAC-SHA256"


class Flaw(StrEnum):
    """What can be wrong with a signed request."""

    WRONG_SIGNATURE = "one bit of the signature is another"
    OTHER_SECRET = "another app signed it"
    OTHER_ALGORITHM = "it names another algorithm, and is signed by it"
    NO_ALGORITHM = "it names no algorithm"
    NONE_ALGORITHM = "its algorithm is none, and so is its signature"
    SIGNED_JSON = "the signature is over the decoded payload"
    NO_SIGNATURE = "the signature is empty"
    NO_DOT = "there is one part only"
    NO_JSON = "the payload is no JSON"
    NO_BASE64 = "the payload is no base64"
    NO_USER = "it names no person"


def signed_request(
    payload: Mapping[str, Any], *, app_secret: str, flaw: Flaw | None = None, padded: bool = False
) -> str:
    """Write a signed request; `payload` is told beside the algorithm. `padded` keeps the `=` at the ends."""
    told = {"algorithm": ALGORITHM, **payload}
    key, digest = app_secret.encode(), "sha256"
    if flaw is Flaw.OTHER_SECRET:
        key += b"-of-another-app"
    elif flaw is Flaw.OTHER_ALGORITHM:
        told["algorithm"], digest = "HMAC-SHA1", "sha1"
    elif flaw is Flaw.NONE_ALGORITHM:
        told["algorithm"] = "none"
    elif flaw is Flaw.NO_ALGORITHM:
        del told["algorithm"]
    elif flaw is Flaw.NO_USER:
        told.pop("user_id", None)
    body = _encoded_payload(told, flaw, padded=padded)
    if flaw is Flaw.NO_DOT:
        return body
    return f"{_signature(body, told, key, digest, flaw, padded=padded)}.{body}"


def _encoded_payload(told: Mapping[str, Any], flaw: Flaw | None, *, padded: bool) -> str:
    if flaw is Flaw.NO_BASE64:
        return "§§not base64§§"
    return _b64(b"no JSON" if flaw is Flaw.NO_JSON else _json(told), padded=padded)


def _signature(body: str, told: Mapping[str, Any], key: bytes, digest: str, flaw: Flaw | None, *, padded: bool) -> str:
    if flaw in {Flaw.NO_SIGNATURE, Flaw.NONE_ALGORITHM}:
        return ""
    signed = _json(told) if flaw is Flaw.SIGNED_JSON else body.encode()
    raw = hmac.new(key, signed, getattr(hashlib, digest)).digest()
    return _b64(bytes([raw[0] ^ 1]) + raw[1:] if flaw is Flaw.WRONG_SIGNATURE else raw, padded=padded)


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()


def _b64(raw: bytes, *, padded: bool) -> str:
    text = base64.urlsafe_b64encode(raw).decode()
    return text if padded else text.rstrip("=")
