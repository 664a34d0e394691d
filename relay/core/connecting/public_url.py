"""The relay's own public address, as browsers and Meta see it. Values only."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def check_public_url(url: str) -> str:
    """Return the address as scheme, host and port. Raises ValueError for one that a login cannot come back to.

    Meta demands https, and lets http pass for this machine, for development; browsers hold to the same for cookies.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("no address that starts with https://") from None
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        raise ValueError("no address that starts with https://")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("holds more than scheme, host and port")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ValueError("not https: Facebook sends browsers back to https only")
    return f"{parts.scheme}://{parts.netloc}"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name
        return False
