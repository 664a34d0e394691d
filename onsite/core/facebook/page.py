"""Whose token a page's token is: the question to Meta, and what the answer means. No HTTP.

The question is for `me`, as that is the page itself for a page's token, and somebody else for any other.
Source: https://developers.facebook.com/docs/graph-api/overview (the `/me` endpoint)
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import SecretStr

from onsite.core.errors import FacebookError
from onsite.core.facebook.answer import check_answer
from shared.graph import GRAPH_VERSION
from shared.lenient import as_id, as_text, decode_object


@dataclass(frozen=True, slots=True)
class PageIdentity:
    """Whom a token speaks for."""

    id: str
    """The page's id; another one for the token of another page, of a person or of a system user."""
    name: str


def identity_url(base_url: str, proof: SecretStr | None = None) -> str:
    """Return where to ask; it never holds the token, but is no text for logs with a `proof`."""
    query = {"fields": "id,name"} | ({} if proof is None else {"appsecret_proof": proof.get_secret_value()})
    return f"{base_url.rstrip('/')}/{GRAPH_VERSION}/me?{urlencode(query, safe=',')}"


def decode_page(status: int, body: bytes) -> PageIdentity:
    """Read the answer. Raises FacebookError."""
    check_answer(body)
    try:
        answer = decode_object(body)
    except ValueError:
        answer = {}
    page_id = as_id(answer.get("id"))
    if not page_id:
        raise FacebookError(f"Facebook's answer (status {status}) does not say whose token this is.")
    return PageIdentity(page_id, as_text(answer.get("name")))
