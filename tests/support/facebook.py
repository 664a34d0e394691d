"""Meta's side: webhook bodies, and their signatures made without the product's code."""

import hashlib
import hmac
import json
from typing import Any

APP_ID = "1517776481860111"
APP_SECRET = "app-secret-example"
VERIFY_TOKEN = "verify-token-example"

JsonObject = dict[str, Any]


def message(page: str, text: str, *, mid: str = "", sender: str = "9001") -> JsonObject:
    """Write a customer's message to a page, as an item of `messaging`."""
    return {
        "sender": {"id": sender},
        "recipient": {"id": page},
        "timestamp": 1_800_000_000_000,
        "message": {"mid": mid or f"m_{text}", "text": text},
    }


def entry(page: str, *items: JsonObject, kind: str = "messaging") -> JsonObject:
    """Write an entry of a page."""
    return {"id": page, "time": 1_800_000_000_000, kind: list(items)}


def body(*entries: JsonObject, subject: str = "page") -> bytes:
    """Write a webhook body in Meta's form: non-ASCII and slashes escaped."""
    text = json.dumps({"object": subject, "entry": list(entries)}, separators=(",", ":"))
    return text.replace("/", r"\/").encode()


def messages(page: str, *texts: str) -> bytes:
    """Write a body of one page's messages."""
    return body(entry(page, *(message(page, text) for text in texts)))


def signed(content: bytes, *, secret: str = APP_SECRET) -> dict[str, str]:
    """Return the headers with which Meta sends a body."""
    signature = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
