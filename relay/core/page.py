"""A connected page: one whose token the relay was given, and what it asks of Meta for it. Values only.

A page may be bound without: then its events come only if somebody subscribed the app to it in Meta's dashboard.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from pydantic import SecretStr

from relay.core.errors import FacebookRefused
from relay.core.graph_calls import graph_url, is_done, read_graph
from shared.lenient import as_id, as_text

FIELDS = (
    "messages",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_reads",
    "message_deliveries",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_optins",
    "messaging_handovers",
    "messaging_policy_enforcement",
    "standby",
)
"""What a page is subscribed to. A field comes only if the app is subscribed to it as well.
https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps"""


@dataclass(frozen=True, slots=True)
class ConnectedPage:
    """A page, and with what it was connected."""

    page_id: str
    site: str
    name: str
    token: SecretStr
    connected_at_ms: int
    """When its person gave the token, to whichever site: by this it is told whether they took it back since."""
    connected_by: str = ""
    """The person, by the id that this app knows them by; empty where nobody told. Meta asks for theirs by it."""
    moved_at_ms: int = 0
    """When the page was handed over to this site; 0 where it was connected there, or an earlier release did it."""

    @property
    def since_ms(self) -> int:
        """Since when the site has the page with this token: what was missed before does not concern it."""
        return max(self.connected_at_ms, self.moved_at_ms)


class LockedPage(NamedTuple):
    """A page whose token no master key opens; the rest of what is kept of it is not encrypted."""

    page_id: str
    connected_at_ms: int
    moved_at_ms: int
    """See `ConnectedPage`."""

    @property
    def since_ms(self) -> int:
        """See `ConnectedPage.since_ms`."""
        return max(self.connected_at_ms, self.moved_at_ms)


class PersonsPage(NamedTuple):
    """A page that a person connected, and when."""

    page_id: str
    connected_at_ms: int


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whom a token speaks for."""

    id: str
    name: str


def owner_url(base_url: str, proof: SecretStr) -> str:
    """Return where to ask whose token it is: `me` is the page itself for a page's token."""
    return graph_url(base_url, "me", fields="id,name", appsecret_proof=proof.get_secret_value())


def subscriptions_url(base_url: str, page_id: str, proof: SecretStr) -> str:
    """Return where a page's subscription is read, written and removed."""
    return graph_url(base_url, f"{quote(page_id, safe='')}/subscribed_apps", appsecret_proof=proof.get_secret_value())


def debug_token_url(base_url: str, token: SecretStr) -> str:
    """Return where to ask what a token is worth; the address holds the token, as Meta takes it nowhere else.

    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    return graph_url(base_url, "debug_token", input_token=token.get_secret_value())


def subscription_body() -> bytes:
    """Return the body that subscribes to FIELDS, in place of what was subscribed before."""
    return json.dumps({"subscribed_fields": ",".join(FIELDS)}).encode()


def read_owner(status: int, body: bytes) -> TokenOwner:
    """Read the answer. Raises FacebookRefused."""
    answer = read_graph(status, body)
    owner = as_id(answer.get("id"))
    if not owner:
        raise FacebookRefused(f"Facebook's answer (status {status}) does not say whose token this is")
    return TokenOwner(owner, as_text(answer.get("name")))


def read_success(status: int, body: bytes) -> None:
    """Return when Meta says that it was done. Raises FacebookRefused."""
    if not is_done(read_graph(status, body)):
        raise FacebookRefused(f"Facebook's answer (status {status}) does not say that it was done")
