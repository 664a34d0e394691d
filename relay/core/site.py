"""A site as the relay knows it, and the rules for what may be registered. Values only."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

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
    """The newest first; more than one only while a secret rotates: all of them sign."""
    created_at_ms: int

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


def check_site_url(url: str, *, allow_insecure: bool) -> str:
    """Return the site's address in its plain form. Raises UserError.

    `allow_insecure` admits http, for development: then anybody on the way can read the messages.
    """
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError:
        raise UserError(f"{url!r} has no valid port") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UserError(f"{url!r} is no address of a site: expected something like https://chat.example.com")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise UserError(f"{url!r} must be scheme, host and port only; events go to {EVENTS_PATH} below it")
    if parts.scheme == "http" and not allow_insecure:
        raise UserError(f"{url!r} is not https. For development on one machine add --allow-insecure")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
