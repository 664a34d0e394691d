"""Meta's Send API as values: the request for a text, and what an answer means for the message. No HTTP.

The rule: only Meta's own words decide. A message id says "sent"; an error envelope says "not sent", with the exceptions
below; everything else leaves the outcome unknown, as there is no idempotency key and nothing may be sent twice blindly.
Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
"""

import json
import re
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from onsite.core.facebook.event import USER_REF_PREFIX
from onsite.core.facebook.metadata import metadata_for
from onsite.core.sending import Lost, Postponed, Refused, SendOutcome, Sent
from onsite.core.text_limit import text_problem
from shared.graph import GRAPH_VERSION, RENEWAL_HINT, Diagnosis, GraphError, GraphTrouble, decode_error, diagnose
from shared.lenient import as_id, decode_object

MAX_TEXT = 2000
"""Characters of a text. Meta does not say which; so UTF-16 units are counted, of which a text has the most."""

THROTTLE_PAUSE_S = 60.0
"""Meta's windows are rolling, and calling on prolongs them; a minute lets most pass and costs an operator little."""
RETRY_PAUSE_S = 10.0
"""After a temporary error, or when no connection was made. The caller lengthens it and bounds the attempts."""

_UNKNOWN_ERROR = 1
_SERVER_ERROR = 500
_BROKEN_CHANNEL = frozenset({GraphTrouble.TOKEN_DEAD, GraphTrouble.PERMISSION, GraphTrouble.POLICY_BLOCK})
_UNSPECIFIC = frozenset({GraphTrouble.OTHER, GraphTrouble.BAD_PARAMETER})
"""Troubles that only Meta's own words make clear; they name parameters and limits, and repeat no message."""
_PAUSES_S = {GraphTrouble.THROTTLED: THROTTLE_PAUSE_S, GraphTrouble.TEMPORARY: RETRY_PAUSE_S}
_TOKEN = re.compile(r"[\x21-\x7e]+")
_MAX_QUOTED = 200


def refusal_of_text(text: str) -> Refused | None:
    """Say why `text` cannot go to Messenger, or None; to be asked before anything is sent."""
    return text_problem(text, platform="Messenger", limit=MAX_TEXT)


def refusal_of_token(token: SecretStr) -> Refused | None:
    """Say why `token` cannot even be put into a header, or None."""
    if _TOKEN.fullmatch(token.get_secret_value()):
        return None
    return Refused(GraphTrouble.TOKEN_DEAD.value, f"The page's token is damaged: {RENEWAL_HINT}.", channel_broken=True)


def messages_url(base_url: str, page_id: str, proof: SecretStr | None = None) -> str:
    """Return where a page's messages are sent; it never holds the token, but is no text for logs with a `proof`."""
    url = f"{base_url.rstrip('/')}/{GRAPH_VERSION}/{quote(page_id, safe='')}/messages"
    return url if proof is None else f"{url}?{urlencode({'appsecret_proof': proof.get_secret_value()})}"


def text_message_body(*, recipient: str, text: str, correlation: str) -> bytes:
    """Return the JSON body that sends `text` within the 24-hour window.

    `recipient` is a conversation's key; `correlation` our own id of the message, which comes back with its echo.
    """
    if recipient.startswith(USER_REF_PREFIX):
        to = {"user_ref": recipient.removeprefix(USER_REF_PREFIX)}
    else:
        to = {"id": recipient}
    message = {"text": text, "metadata": metadata_for(correlation)}
    return json.dumps({"recipient": to, "messaging_type": "RESPONSE", "message": message}).encode("ascii")


def decode_send_answer(status: int, body: bytes) -> SendOutcome:
    """Say what an answer means for the message. Total: anything unreadable is Lost."""
    if error := decode_error(body):
        return _outcome_of(error, status)
    try:
        mid = as_id(decode_object(body).get("message_id"))
    except ValueError:
        mid = ""
    if 200 <= status < 300 and mid:  # noqa: PLR2004  the success statuses of HTTP
        return Sent(mid)
    return Lost(f"Facebook's answer (status {status}) does not tell whether the message went out.")


def _outcome_of(error: GraphError, status: int) -> SendOutcome:
    diagnosis = diagnose(error)
    if diagnosis.trouble is GraphTrouble.UNKNOWN_OUTCOME:
        return Lost(diagnosis.sentence)
    if _is_crash(error, diagnosis.trouble, status):
        return Lost(f"Facebook's server failed (error {error.code}); it does not tell whether the message went out.")
    if diagnosis.trouble in _PAUSES_S:
        return Postponed(_PAUSES_S[diagnosis.trouble], diagnosis.sentence)
    return Refused(
        diagnosis.trouble.value, sentence_of(error, diagnosis), channel_broken=diagnosis.trouble in _BROKEN_CHANNEL
    )


def sentence_of(error: GraphError, diagnosis: Diagnosis) -> str:
    """Say what an error means, and quote Meta where our own sentence could mean anything."""
    if diagnosis.trouble not in _UNSPECIFIC:
        return diagnosis.sentence
    return f"{diagnosis.sentence} It says: {error.message[:_MAX_QUOTED] or 'nothing'} (error {error.code})."


def _is_crash(error: GraphError, trouble: GraphTrouble, status: int) -> bool:
    """Whether a server broke down over the request: a 5xx with an unknown error tells nothing of what it did before.

    The same code with a 4xx, and every error that Meta itself calls transient, is an answer: nothing was sent.
    """
    says_nothing = error.code == _UNKNOWN_ERROR or trouble is GraphTrouble.OTHER
    return says_nothing and status >= _SERVER_ERROR and not error.is_transient
