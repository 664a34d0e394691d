"""Where Redis is: one server, the master that Sentinel names, or a cluster. Pure: text in, value or error out.

    redis://[user:password@]host[:port][/database]                       one server
    unix://[user:password@]/path/to/socket[?db=database]                 one server on this machine
    redis+sentinel://[user:password@]host[:port],…/service[/database]    the master of a service
    redis+cluster://[user:password@]host[:port],…                        a cluster

`rediss` in place of `redis` speaks TLS, to Sentinels as well. Several hosts are Sentinels, or some nodes of a cluster;
the other servers are learned from them. User and password are the servers'; those of the Sentinels are options, as
they may differ. Options follow a `?` (OPTIONS). What is no letter or digit in a user or password is percent-encoded.

The rule: no error quotes any part of an address, as it may be part of a password.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SENTINEL_PORT = 26379
NODE_PORT = 6379
_LAST_PORT = 65535

_TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"})
OPTIONS: Mapping[str, frozenset[str]] = {
    "redis": frozenset({"db"}),
    "rediss": _TLS_OPTIONS | {"db"},
    "unix": frozenset({"db"}),
    "redis+sentinel": frozenset({"sentinel_username", "sentinel_password"}),
    "rediss+sentinel": _TLS_OPTIONS | {"sentinel_username", "sentinel_password"},
    "redis+cluster": frozenset(),
    "rediss+cluster": _TLS_OPTIONS,
}
"""Options by scheme; the `ssl_…` ones mean what they mean to redis-py
(https://redis.readthedocs.io/en/stable/connections.html)."""

_ENCODE = "a password with other characters than letters and digits must be percent-encoded"


class BadRedisAddress(ValueError):
    """The text is no address of Redis."""


@dataclass(frozen=True, slots=True)
class Login:
    """What servers are told who we are, and how TLS is spoken; empty where nothing was said."""

    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    tls_options: Mapping[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneServer:
    """One Redis: a host with a port, or a socket."""

    host: str
    port: int
    socket: str
    database: int
    login: Login


@dataclass(frozen=True, slots=True)
class BehindSentinel:
    """The master of a service that Sentinels watch."""

    sentinels: Sequence[tuple[str, int]]
    service: str
    database: int
    login: Login
    sentinel_login: Login


@dataclass(frozen=True, slots=True)
class InCluster:
    """A Redis Cluster."""

    nodes: Sequence[tuple[str, int]]
    login: Login


RedisAddress = OneServer | BehindSentinel | InCluster


def parse_redis_address(text: str) -> RedisAddress:
    """Read an address. Raises BadRedisAddress."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BadRedisAddress(f"is no address: brackets belong around an IPv6 address; {_ENCODE}") from None
    if parts.scheme not in OPTIONS:
        raise BadRedisAddress("expected the address of a Redis, like redis://localhost:6379")
    if parts.fragment:
        raise BadRedisAddress(f"has a # in it; {_ENCODE}")
    return _READERS[parts.scheme.partition("+")[2] or parts.scheme](parts, _options(parts))


def _on_socket(parts: SplitResult, options: Mapping[str, str]) -> OneServer:
    if not parts.path.strip("/"):
        raise BadRedisAddress("names no socket: expected unix:///path/to/redis.sock")
    return OneServer("", 0, unquote(parts.path), _database(options.get("db", "")), _login(parts, options))


def _on_host(parts: SplitResult, options: Mapping[str, str]) -> OneServer:
    (host, port), *others = _hosts(parts, NODE_PORT)
    if others:
        raise BadRedisAddress("names several hosts: that needs redis+sentinel:// or redis+cluster://")
    return OneServer(host, port, "", _database(options.get("db") or parts.path.strip("/")), _login(parts, options))


def _behind_sentinel(parts: SplitResult, options: Mapping[str, str]) -> BehindSentinel:
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise BadRedisAddress("names no service: expected redis+sentinel://host,host,host/service")
    login = _login(parts, options)
    watchers = replace(
        login, username=options.get("sentinel_username", ""), password=options.get("sentinel_password", "")
    )
    return BehindSentinel(_hosts(parts, SENTINEL_PORT), unquote(service), _database(database), login, watchers)


def _in_cluster(parts: SplitResult, options: Mapping[str, str]) -> InCluster:
    if _database(parts.path.strip("/")):
        raise BadRedisAddress("names a database: a cluster has none but 0")
    return InCluster(_hosts(parts, NODE_PORT), _login(parts, options))


_READERS: Mapping[str, Callable[[SplitResult, Mapping[str, str]], RedisAddress]] = {
    "unix": _on_socket,
    "redis": _on_host,
    "rediss": _on_host,
    "sentinel": _behind_sentinel,
    "cluster": _in_cluster,
}


def _options(parts: SplitResult) -> dict[str, str]:
    known = OPTIONS[parts.scheme]
    try:
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise BadRedisAddress(f"expected name=value, joined by &, after the ?; {_ENCODE}") from None
    if not options.keys() <= known:
        names = ", ".join(sorted(known)) or "none"
        raise BadRedisAddress(f"has an unknown option; known for {parts.scheme}:// are: {names}")
    return options


def _login(parts: SplitResult, options: Mapping[str, str]) -> Login:
    username, _, password = parts.netloc.rpartition("@")[0].partition(":")
    tls_options = {name: _flag(value) if name == "ssl_check_hostname" else value for name, value in options.items()}
    return Login(
        username=unquote(username),
        password=unquote(password),
        tls=parts.scheme.startswith("rediss"),
        tls_options={name: value for name, value in tls_options.items() if name in _TLS_OPTIONS},
    )


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    return [_host(text, default_port) for text in parts.netloc.rpartition("@")[2].split(",")]


def _host(text: str, default_port: int) -> tuple[str, int]:
    name, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = text, str(default_port)
    name = name.removeprefix("[").removesuffix("]")
    if not name:
        raise BadRedisAddress(f"names no host, or an empty one; {_ENCODE}")
    if not (_is_number(port) and 0 < int(port) <= _LAST_PORT):
        raise BadRedisAddress(f"has a port that is no number from 1 to {_LAST_PORT}; {_ENCODE}")
    return name, int(port)


def _database(text: str) -> int:
    if text and not _is_number(text):
        raise BadRedisAddress(f"has a database that is no number; {_ENCODE}")
    return int(text or "0")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PORT))


def _flag(text: str) -> bool:
    return text.lower() not in {"0", "f", "false", "n", "no", ""}
