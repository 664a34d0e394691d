"""A site as the relay knows it, and the rules for names. Its address has a file of its own: `core.site_url`."""

from dataclasses import dataclass

from pydantic import SecretStr

from relay.core.permission import PUBLIC_HTTPS, Permission
from shared.errors import UserError
from shared.names import SITE_NAME_RULE, is_page_id, is_site_name
from shared.wire import EVENTS_PATH


@dataclass(frozen=True, slots=True)
class Site:
    """One customer's on-site client."""

    name: str
    url: str
    """Public address of the client, without a path: events go to `{url}/relay/events`."""
    secrets: tuple[SecretStr, ...]
    """The newest first; more than one only while a secret rotates: all of them are valid."""
    created_at_ms: int
    permission: Permission = PUBLIC_HTTPS
    rotating_since_ms: int | None = None
    """Since when its secret rotates; None while it has one secret only."""

    @property
    def events_url(self) -> str:
        """Where its events are pushed."""
        return self.url + EVENTS_PATH


def check_site_name(name: str) -> str:
    """Return the name. Raises UserError when it cannot name a site."""
    if not is_site_name(name):
        raise UserError(f"{name!r} cannot name a site: a name is {SITE_NAME_RULE}")
    return name


def check_page_id(page_id: str) -> str:
    """Return the id. Raises UserError when it cannot be a page's."""
    if not is_page_id(page_id):
        raise UserError(f"{page_id!r} is no page id: a page's id is digits only (Page settings → About → Page ID)")
    return page_id
