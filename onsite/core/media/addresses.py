"""Which of Facebook's addresses are followed: a guard over a text that came from outside. No resolver, no connection.

Where a host leads is judged when the socket is made (`shared.judged_sockets`); redirects are not followed. The rule:
whatever is not plainly an address of Facebook's media servers is refused. Customers' files come from
`scontent….fbcdn.net` and `cdn.fbsbx.com`, Instagram's from `scontent….cdninstagram.com`.
"""

from urllib.parse import SplitResult, urlsplit

HOSTS = ("fbcdn.net", "fbsbx.com", "cdninstagram.com")
"""Media come from hosts below these."""

MAX_CHARS = 4096
"""Facebook's signed addresses have some 500 characters."""

_HTTPS_PORT = 443
_PRINTABLE = range(0x21, 0x7F)


def is_followed(url: str) -> bool:
    """Whether this address is fetched."""
    if not url or len(url) > MAX_CHARS or any(ord(character) not in _PRINTABLE for character in url) or "\\" in url:
        return False  # a parser more lenient than the next one would name another host
    try:
        parts = urlsplit(url)
        return _is_plain(parts) and _is_facebooks(parts.hostname or "")
    except ValueError:  # a broken host, or a port that is no number
        return False


def _is_plain(parts: SplitResult) -> bool:
    return parts.scheme == "https" and "@" not in parts.netloc and parts.port in (None, _HTTPS_PORT)


def _is_facebooks(host: str) -> bool:
    return host.endswith(tuple(f".{name}" for name in HOSTS)) and all(map(_is_label, host.split(".")))


def _is_label(label: str) -> bool:
    return label.replace("-", "a").replace("_", "a").isalnum() and label.isascii()
