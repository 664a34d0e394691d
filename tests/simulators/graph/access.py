"""Who calls, and whether the proof is right. Rules only.

Access tokens come as query or form parameter, or as a bearer token. An `appsecret_proof` that is sent is always
checked; an app may demand one with every call. Both forms are known: over the token, and over `token|seconds` beside
`appsecret_time`, at most five minutes old (https://developers.facebook.com/documentation/facebook-login/security).
"""

import hmac

from tests.simulators.graph import errors
from tests.simulators.graph.meta_json import appsecret_proof
from tests.simulators.ledger import Call

PROOF_LIFETIME_S = 300


def check_proof(call: Call, *, app_secret: str, required: bool, now: float) -> None:
    """Let a call with a right proof pass, and one without where none is demanded. Raises GraphError 100."""
    offered = str(call.params.get("appsecret_proof", ""))
    if not offered:
        if required:
            raise errors.proof_missing()
        return
    timed_at = _proof_time(call, now)
    expected = appsecret_proof(call.token, app_secret=app_secret, at_s=timed_at)
    if not hmac.compare_digest(offered.encode(errors="replace"), expected.encode()):
        raise errors.proof_invalid()


def _proof_time(call: Call, now: float) -> int | None:
    stated = str(call.params.get("appsecret_time", ""))
    if not stated:
        return None
    if not (stated.isascii() and stated.isdigit()) or abs(now - int(stated)) > PROOF_LIFETIME_S:
        raise errors.proof_invalid()
    return int(stated)
