"""What both halves know of Meta's Graph API: where it is, how it says no, and what each no means. No I/O.

Rules: decoding is total, any bytes give a `GraphError` or None; an error is looked up in tables, never by its wording,
which Meta changes; Meta's own words are kept for logs, with what looks like a token masked.
Sources: https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes (2026-06-25),
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from shared.lenient import as_int, as_object, as_text, decode_object
from shared.logs import mask

GRAPH_VERSION = "v26.0"
"""Pinned, as a call without a version gets the oldest one alive. Released 2026-07-29, no last day set.
https://developers.facebook.com/docs/graph-api/changelog/versions"""

GRAPH_URL = "https://graph.facebook.com"
DIALOG_URL = "https://www.facebook.com"
"""Where a browser goes for the login dialog: `{DIALOG_URL}/{GRAPH_VERSION}/dialog/oauth`."""


class GraphTrouble(StrEnum):
    """What an error means for whoever called. The values are for programs."""

    TOKEN_DEAD = "token_invalid"  # noqa: S105  a kind, not a secret
    """The token will never work again: the page needs another."""
    PERMISSION = "permission_missing"
    """A permission, a role or a review is missing: nothing works until a person mends it."""
    THROTTLED = "throttled"
    """Too many calls; calling on prolongs it."""
    WINDOW_CLOSED = "window_closed"
    """The person wrote too long ago."""
    PERSON_UNAVAILABLE = "person_unavailable"
    """The person cannot receive messages now, or does not exist for this page."""
    BAD_PARAMETER = "bad_request"
    """This very call will never succeed."""
    TEMPORARY = "temporary"
    """Meta has trouble of its own; nothing was done."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """The error says nothing of whether it was done."""
    POLICY_BLOCK = "policy_block"
    """The page or the app is restricted for a breach of policy."""
    THREAD_CONTROL = "thread_control"
    """Another app owns the conversation."""
    PROFILE_HIDDEN = "profile_hidden"
    """The person's name and picture are not for us."""
    GONE = "gone"
    """What is asked for was deleted, never existed, or is not visible to this page."""
    OTHER = "refused"
    """A code that no table lists."""


@dataclass(frozen=True, slots=True)
class GraphError:
    """Meta's error envelope as a value."""

    code: int
    subcode: int | None = None
    message: str = ""
    """Meta's words for developers, tokens masked."""
    is_transient: bool = False
    fbtrace_id: str = ""
    """What Meta's support asks for."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an error means, and what an operator or an admin is told."""

    trouble: GraphTrouble
    sentence: str


_T = GraphTrouble

RENEWAL_HINT = (
    "give the page a new token with `onsite connect` or, without a relay, with `onsite channel add facebook PAGE_ID`"
)
"""What mends a dead token, as the end of a sentence."""

_SENTENCES = {
    _T.TOKEN_DEAD: f"Facebook does not accept the page's token: {RENEWAL_HINT}.",
    _T.PERMISSION: f"A permission on Facebook is missing: grant the app everything it asks for, then {RENEWAL_HINT}.",
    _T.THROTTLED: "Facebook asks for a pause, as there were too many calls.",
    _T.WINDOW_CLOSED: "Facebook allows a reply only within 24 hours after the customer's last message.",
    _T.PERSON_UNAVAILABLE: "Facebook says that this person cannot receive messages now.",
    _T.BAD_PARAMETER: "Facebook refused the request as it stands.",
    _T.TEMPORARY: "Facebook has a temporary trouble and took nothing.",
    _T.UNKNOWN_OUTCOME: "Facebook reported an error that also occurs after a message went out.",
    _T.POLICY_BLOCK: "Facebook restricts the page or the app: see the page's support inbox and the app's alerts.",
    _T.THREAD_CONTROL: "Another app has control of this conversation.",
    _T.PROFILE_HIDDEN: "Facebook does not tell this person's name.",
    _T.GONE: "Facebook does not have this any more, or does not show it to this page.",
    _T.OTHER: "Facebook refused the request.",
}


def _meaning(trouble: GraphTrouble, sentence: str = "") -> Diagnosis:
    return Diagnosis(trouble, sentence or _SENTENCES[trouble])


_EXACT: dict[tuple[int, int], Diagnosis] = {
    (190, 458): _meaning(
        _T.TOKEN_DEAD, f"The app was removed in the Facebook account: add it again, then {RENEWAL_HINT}."
    ),
    (190, 459): _meaning(
        _T.TOKEN_DEAD,
        f"Facebook wants the person who made the page's token to sign in at facebook.com first; then {RENEWAL_HINT}.",
    ),
    (190, 460): _meaning(_T.TOKEN_DEAD, f"The password of the Facebook account was changed: {RENEWAL_HINT}."),
    (190, 463): _meaning(_T.TOKEN_DEAD, f"The page's token has expired: {RENEWAL_HINT}."),
    (190, 464): _meaning(
        _T.TOKEN_DEAD,
        f"The Facebook account that made the page's token is not confirmed: confirm it, then {RENEWAL_HINT}.",
    ),
    (190, 467): _meaning(_T.TOKEN_DEAD, f"The page's token was revoked: {RENEWAL_HINT}."),
    (190, 492): _meaning(
        _T.PERMISSION,
        f"The person who made the page's token has no suitable role on it now: restore the role, then {RENEWAL_HINT}.",
    ),
    (100, 33): _meaning(_T.GONE),
}
"""Subcodes that mean something under their code only."""

_ANYWHERE: dict[int, Diagnosis] = {
    1357046: _meaning(_T.UNKNOWN_OUTCOME),
    2018278: _meaning(_T.WINDOW_CLOSED),
    2534022: _meaning(_T.WINDOW_CLOSED),
    2018065: _meaning(_T.WINDOW_CLOSED),
    2018108: _meaning(_T.PERSON_UNAVAILABLE),
    1545041: _meaning(
        _T.PERSON_UNAVAILABLE,
        "Facebook says that this person is not available: they cannot receive messages now, or wrote too long ago.",
    ),
    2018001: _meaning(_T.PERSON_UNAVAILABLE, "Facebook knows no such person for this page."),
    1893063: _meaning(_T.POLICY_BLOCK, "Facebook has restricted the page for a while: see its support inbox."),
    2018022: _meaning(_T.THROTTLED),
    2018338: _meaning(_T.THROTTLED, "Facebook warns the page of its sending rate and asks for a pause."),
    2534040: _meaning(_T.THROTTLED),
    2018008: _meaning(_T.BAD_PARAMETER, "Facebook could not fetch the attachment from its address."),
    2018014: _meaning(_T.BAD_PARAMETER),
    2018034: _meaning(_T.BAD_PARAMETER, "Facebook takes no empty message."),
    2018047: _meaning(_T.BAD_PARAMETER, "Facebook could not take the attachment: its content does not fit its type."),
    2018074: _meaning(_T.BAD_PARAMETER, "Facebook does not know the attachment any more: attach it again."),
    2018109: _meaning(_T.BAD_PARAMETER, "The attachment is larger than Facebook allows."),
    2018294: _meaning(_T.BAD_PARAMETER, "Facebook could not read the video."),
    2018028: _meaning(
        _T.PERMISSION,
        "The Facebook app is not live, or its permission pages_messaging is not approved: see Meta's app dashboard.",
    ),
    2018300: _meaning(_T.THREAD_CONTROL),
    2018218: _meaning(_T.PROFILE_HIDDEN),
    2018247: _meaning(_T.PROFILE_HIDDEN),
    9000001: _meaning(_T.GONE),
}
"""Seven-digit numbers mean the same wherever they stand; Meta writes some of them as a code, some as a subcode."""

_BY_CODE: dict[int, Diagnosis] = {
    **{code: _meaning(_T.PERMISSION) for code in (3, 10, *range(200, 300))},
    **{code: _meaning(_T.TOKEN_DEAD) for code in (102, 190)},
    **{code: _meaning(_T.THROTTLED) for code in (4, 17, 32, 341, 613, 80001, 80006)},
    **{code: _meaning(_T.TEMPORARY) for code in (1, 2, 1200)},
    100: _meaning(_T.BAD_PARAMETER),
    368: _meaning(_T.POLICY_BLOCK),
    551: _meaning(_T.PERSON_UNAVAILABLE),
    10303: _meaning(_T.BAD_PARAMETER),
}
"""What a code means where its subcode says nothing more."""

_QUOTED_TOKEN = re.compile(r"(?i)(malformed access token)\s+\S+")
"""Meta repeats what it was given as a token, which need not look like one."""


def decode_error(body: bytes) -> GraphError | None:
    """Read an error envelope; None where there is none, or none with a code. Total."""
    try:
        error = as_object(decode_object(body).get("error"))
    except ValueError:
        return None
    code = as_int(error.get("code"))
    if code is None:
        return None
    return GraphError(
        code=code,
        subcode=as_int(error.get("error_subcode")),
        message=mask(_QUOTED_TOKEN.sub(r"\1 ***", as_text(error.get("message")))),
        is_transient=error.get("is_transient") is True,
        fbtrace_id=as_text(error.get("fbtrace_id")),
    )


def diagnose(error: GraphError) -> Diagnosis:
    """Say what an error means: by its subcode, else by its transience, else by its code."""
    if error.subcode is not None and (error.code, error.subcode) in _EXACT:
        return _EXACT[error.code, error.subcode]
    for number in (error.subcode, error.code):
        if number in _ANYWHERE:
            return _ANYWHERE[number]
    by_code = _BY_CODE.get(error.code, _meaning(_T.OTHER))
    if error.is_transient and by_code.trouble is not _T.THROTTLED:
        return _meaning(_T.TEMPORARY)
    return by_code


def appsecret_proof(token: SecretStr, secret: SecretStr) -> SecretStr:
    """Prove to Meta that whoever holds `token` also knows the app's `secret`; the untimed form.

    Hex HMAC-SHA256 of the token under the app secret, sent as the parameter `appsecret_proof`.
    https://developers.facebook.com/documentation/facebook-login/security
    """
    digest = hmac.new(secret.get_secret_value().encode(), token.get_secret_value().encode(), hashlib.sha256)
    return SecretStr(digest.hexdigest())
