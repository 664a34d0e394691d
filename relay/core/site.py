"""A site as the relay knows it, and the rules for what may be registered. Values only."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from shared.errors import UserError
from shared.names import SITE_NAME_RULE, is_page_id, is_site_name
from shared.wire import EVENTS_PATH

_HOST_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
"""Or an IPv4 address. Not a whole check, as the resolver has the last word; it refuses what was mistyped or pasted."""


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
    parts = _split_url(url)
    if parts is None or parts.scheme not in {"http", "https"} or not _is_host(parts):
        raise UserError(f"{url!r} is no address of a site: expected something like https://chat.example.com")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UserError(f"{url!r} has no valid port")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise UserError(f"{url!r} must be scheme, host and port only; events go to {EVENTS_PATH} below it")
    if parts.scheme == "http" and not allow_insecure:
        raise UserError(f"{url!r} is not https. For development on one machine add --allow-insecure")
    host = f"[{parts.hostname}]" if _is_ipv6(parts) else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _split_url(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None


def _is_host(parts: SplitResult) -> bool:
    if "[" in parts.netloc:
        return _is_ipv6(parts)
    return _HOST_NAME.fullmatch(parts.hostname or "") is not None


def _is_ipv6(parts: SplitResult) -> bool:
    try:
        return "[" in parts.netloc and bool(IPv6Address(parts.hostname or ""))
    except ValueError:
        return False
