"""A Messenger customer's name: the question to Meta, and what the answer means. No HTTP.

Without the right to it Meta answers with an empty object or an error; people with a telephone number only have no
profile. So nothing follows from not being told.
Source: https://developers.facebook.com/docs/messenger-platform/identity/user-profile
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from onsite.core.facebook.answer import check_answer
from shared.graph import GRAPH_VERSION, GraphTrouble
from shared.lenient import as_text, decode_object

FRESH_MS = 30 * 24 * 3_600_000
"""How old a profile may get before it is asked for again, when the customer writes."""
UNTOLD_MS = 7 * 24 * 3_600_000
"""The same where Meta told nothing: a permission may have been granted meanwhile."""
CALLS_PER_S = 5.0
"""For each page. Meta allows 200 calls a day for each person that a page may write to; this asks once a month."""

OF_THE_PAGE = frozenset(
    {
        None,
        GraphTrouble.TOKEN_DEAD,
        GraphTrouble.PERMISSION,
        GraphTrouble.THROTTLED,
        GraphTrouble.TEMPORARY,
        GraphTrouble.UNKNOWN_OUTCOME,
        GraphTrouble.POLICY_BLOCK,
    }
)
"""Troubles that the next person's call would have as well; the others mean that nothing is told of this one."""

_FIELDS = "first_name,last_name,name,profile_pic"


@dataclass(frozen=True, slots=True)
class Profile:
    """What Meta tells of a customer. Empty texts mean "not told"."""

    name: str = ""
    picture_url: str = ""
    """Valid for some days only."""


def profile_url(base_url: str, psid: str, proof: SecretStr | None) -> str:
    """Return where to ask; it never holds the token, but is no text for logs with a `proof`."""
    query = {"fields": _FIELDS} | ({} if proof is None else {"appsecret_proof": proof.get_secret_value()})
    return f"{base_url.rstrip('/')}/{GRAPH_VERSION}/{quote(psid, safe='')}?{urlencode(query, safe=',')}"


def decode_profile(body: bytes) -> Profile:
    """Read the answer; what cannot be read tells nothing. Raises FacebookError."""
    check_answer(body)
    try:
        told = decode_object(body)
    except ValueError:
        return Profile()
    parts = (as_text(told.get("first_name")), as_text(told.get("last_name")))
    return Profile(as_text(told.get("name")) or " ".join(filter(None, parts)), as_text(told.get("profile_pic")))
