r"""Meta's way to write JSON, and the signature over it. Pure.

Meta signs the escaped form: everything beyond ASCII as `\u00e4` in lowercase hexadecimal, every slash as `\/`. The
body on the wire is in that form already, so a receiver hashes the bytes as they came.
https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

import hashlib
import hmac
import json
from typing import Any


def encode(value: Any) -> bytes:
    """Write a JSON document as Meta does."""
    # A slash occurs in JSON inside of texts only, so replacing it everywhere escapes exactly those.
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def sign(body: bytes, *, app_secret: str) -> dict[str, str]:
    """Return both signature headers of a webhook body: SHA-256, and the legacy SHA-1."""
    return {
        "X-Hub-Signature-256": "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest(),
        "X-Hub-Signature": "sha1=" + hmac.new(app_secret.encode(), body, hashlib.sha1).hexdigest(),
    }


def appsecret_proof(token: str, *, app_secret: str, at_s: int | None = None) -> str:
    """Return the proof for a token: untimed, or timed for a moment in seconds since 1970."""
    message = token if at_s is None else f"{token}|{at_s}"
    return hmac.new(app_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
