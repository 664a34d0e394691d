"""Standard Webhooks signatures, symmetric form (`v1`): sign a body, verify a body. No HTTP, no clock.

Both functions are total: for any header and any body, `verify` returns or raises SignatureInvalid, nothing else.
Specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from shared.errors import SignatureInvalid
from shared.site_secret import key_of

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

TOLERANCE_S = 300
"""How far the sender's clock may be off in either direction; what the reference libraries use."""

_SCHEME = "v1"
_MAX_SIGNATURES = 16
"""A header with more is no rotation but an attack on our time."""


def sign(body: bytes, *, message_id: str, timestamp_s: int, secrets: Sequence[SecretStr]) -> dict[str, str]:
    """Return the three headers for `body`, with one signature for each secret (two while a secret rotates).

    `message_id` must not contain a dot; `timestamp_s` is the time of this attempt.
    """
    signatures = (f"{_SCHEME},{_signature(body, message_id, str(timestamp_s), key_of(secret))}" for secret in secrets)
    return {ID_HEADER: message_id, TIMESTAMP_HEADER: str(timestamp_s), SIGNATURE_HEADER: " ".join(signatures)}


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[SecretStr],
    now: float,
    tolerance_s: float = TOLERANCE_S,
) -> str:
    """Return the message id when any signature holds for any of `secrets`.

    `headers` must find names whatever their case (aiohttp's do). Raises SignatureInvalid.
    """
    message_id, timestamp, offered = (headers.get(name, "") for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    if not (message_id and timestamp and offered):
        raise SignatureInvalid(f"one of {ID_HEADER}, {TIMESTAMP_HEADER}, {SIGNATURE_HEADER} is missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("9999999999")):
        raise SignatureInvalid(f"{TIMESTAMP_HEADER} is no number of seconds")
    if abs(now - int(timestamp)) > tolerance_s:
        raise SignatureInvalid(
            f"{TIMESTAMP_HEADER} is {now - int(timestamp):+.0f} s away from this machine's clock,"
            f" more than {tolerance_s:.0f} s: check both clocks"
        )
    candidates = [item[len(_SCHEME) + 1 :] for item in offered.split(" ") if item.startswith(f"{_SCHEME},")]
    expected = [_signature(body, message_id, timestamp, key_of(secret)) for secret in secrets]
    # Every pair is compared, so that time tells nothing of which secret or which signature fitted.
    matches = [
        hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))
        for ours in expected
        for theirs in candidates[:_MAX_SIGNATURES]
    ]
    if not any(matches):
        raise SignatureInvalid("no signature fits this site's secret")
    return message_id


def _signature(body: bytes, message_id: str, timestamp: str, key: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
