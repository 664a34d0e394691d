"""What a person gets who had their data deleted: a code, and the address that says so. Values only.

The same request gets the same code: whoever repeats one, Meta or an eavesdropper, makes no second receipt. Nobody can
guess a code, as it hangs on the app's secret.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from pydantic import SecretStr

from relay.core.signed_request import SignedRequest

STATUS_PATH = "/facebook/data-deletion"
RECEIPT_TTL_S = 90 * 86_400
"""How long a receipt can be looked at. Meta names no time."""

_LABEL = "social-relay data-deletion code"
_CODE_BYTES = 20
_CODE = re.compile(r"[a-z2-7]{32}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a person's data are deleted. It says nothing about who that was."""

    code: str
    completed_at_ms: int


def code_of(request: SignedRequest, *, app_secret: SecretStr) -> str:
    """Return the confirmation code of a request: 160 bits in 32 letters and digits."""
    issued_at = "" if request.issued_at_s is None else str(request.issued_at_s)
    text = f"{_LABEL}\0{request.user_id}\0{issued_at}"
    digest = hmac.new(app_secret.get_secret_value().encode(), text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_CODE_BYTES]).decode().lower()


def is_code(text: str) -> bool:
    """Whether a text has the form of a code."""
    return _CODE.fullmatch(text) is not None


def status_url(public_url: str, code: str) -> str:
    """Return where a person sees what became of their request."""
    return f"{public_url.rstrip('/')}{STATUS_PATH}/{code}"
