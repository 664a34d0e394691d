"""What may be registered as a site's address. Values only: nothing is resolved, nothing is connected to.

The rule of the file: a host is read as the HTTP client will read it (`yarl`), so that what is checked here is what is
asked for later. It refuses what was mistyped or pasted, and literal addresses that the relay would not connect to; the
last word has the check of each connection (`adapters.push_sessions`), as a name may lead anywhere, and elsewhere
tomorrow.
"""

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from yarl import URL

from relay.core.permission import Permission
from shared.addresses import IPAddress, reached
from shared.errors import UserError
from shared.wire import EVENTS_PATH

_HOST_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
"""A last label like this makes the whole host a number: the system's resolver takes 2130706433, 127.1, 0x7f.1 and
0177.0.0.1 all for 127.0.0.1 (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""


def check_site_url(url: str, permission: Permission) -> str:
    """Return the site's address in its plain form. Raises UserError with everything that keeps it from being one."""
    parts = _split_url(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise _no_address(url)
    host = _host_of(url, parts)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UserError(f"{url!r} has no valid port")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise UserError(f"{url!r} must be scheme, host and port only; events go to {EVENTS_PATH} below it")
    if obstacles := _obstacles(parts.scheme, host, permission):
        raise UserError(f"{url!r} cannot be used: " + "; ".join(obstacles))
    return f"{parts.scheme}://{_in_brackets(host)}" + (f":{port}" if port else "")


def name_to_resolve(site_url: str) -> str | None:
    """Return the host of a checked address when it is a name; None when it is a literal address."""
    host = urlsplit(site_url).hostname or ""
    return host if _literal(host) is None else None


def _obstacles(scheme: str, host: str, permission: Permission) -> list[str]:
    obstacles = []
    if scheme == "http" and not permission.insecure:
        obstacles.append("it is not https. For development on one machine add --allow-insecure")
    literal = _literal(host)
    if literal is not None and (kind := permission.objection(literal)):
        obstacles.append(f"{host} is {kind}. If it is meant, add --allow-network {reached(literal)}")
    return obstacles


def _split_url(url: str) -> SplitResult | None:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None


def _host_of(url: str, parts: SplitResult) -> str:
    """Return the host as it will be asked for: ASCII, in small letters, without brackets. Raises UserError."""
    named = parts.hostname or ""
    if "[" in parts.netloc:
        return _ipv6(url, named)
    if not _HOST_NAME.fullmatch(named):
        raise _no_address(url)
    try:
        host = URL.build(scheme="https", host=named).raw_host or ""
    except ValueError:
        raise _no_address(url) from None
    if not _HOST_NAME.fullmatch(host):
        raise _no_address(url)
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) and _literal(host) is None:
        raise UserError(f"{url!r} has a number for a host: write an IPv4 address as four numbers, such as 192.0.2.7")
    return host


def _ipv6(url: str, host: str) -> str:
    if "%" in host:
        raise UserError(f"{url!r} names a zone, which means something on one machine only: leave out the % part")
    try:
        return str(IPv6Address(host))
    except ValueError:
        raise _no_address(url) from None


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _no_address(url: str) -> UserError:
    return UserError(f"{url!r} is no address of a site: expected something like https://chat.example.com")
