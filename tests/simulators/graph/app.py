"""The app as Meta's dashboard knows it: its secret, how it may be logged in with, what it listens to. State only."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.simulators.graph.fields_of_page import FIELDS

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class LoginConfiguration:
    """A configuration of Facebook Login for Business: named by `config_id`, all of its permissions or none."""

    id: str
    permissions: tuple[str, ...]
    system_user: bool = False
    """Whether it gives a Business Integration System User token, which never expires, instead of the person's own."""


@dataclass(frozen=True, slots=True)
class AppSubscription:
    """What the app listens to, for one kind of object."""

    object: str
    callback_url: str
    fields: tuple[str, ...]
    include_values: bool = True


@dataclass(frozen=True, slots=True)
class Alert:
    """What the dashboard tells the developer."""

    at: float
    page_id: str
    title: str


@dataclass(slots=True, eq=False)
class App:
    """One app."""

    id: str
    name: str
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    require_proof: bool = False
    """The dashboard's switch "Require App Secret"."""
    redirect_uris: list[str] = field(default_factory=list)
    """"Valid OAuth Redirect URIs"; compared byte by byte, query included."""
    configurations: dict[str, LoginConfiguration] = field(default_factory=dict)
    subscriptions: dict[str, AppSubscription] = field(default_factory=dict)
    """By object: `page`, `instagram`, …"""
    deauthorize_url: str = ""
    data_deletion_url: str = ""
    alerts: list[Alert] = field(default_factory=list)

    @property
    def token(self) -> str:
        """The app's own access token."""
        return f"{self.id}|{self.secret}"

    def add_redirect_uri(self, uri: str) -> None:
        """Register an address to come back to. Raises ValueError for one that the dashboard does not save."""
        if not is_secure(uri):
            raise ValueError(f"Meta saves https addresses only (http for this machine): {uri}")
        self.redirect_uris.append(uri)

    def add_configuration(
        self, config_id: str, permissions: tuple[str, ...], *, system_user: bool = False
    ) -> LoginConfiguration:
        """Create a configuration of Facebook Login for Business."""
        self.configurations[config_id] = LoginConfiguration(config_id, tuple(permissions), system_user)
        return self.configurations[config_id]

    def listen(self, callback_url: str) -> None:
        """Fill in the dashboard's webhook form with every field of a page; no handshake. An empty text empties it."""
        self.subscriptions.pop("page", None)
        if callback_url:
            self.subscriptions["page"] = AppSubscription("page", callback_url, tuple(sorted(FIELDS)))

    @property
    def callback_url(self) -> str:
        """Where a page's webhooks go; empty for nowhere."""
        subscription = self.subscriptions.get("page")
        return "" if subscription is None else subscription.callback_url

    def hears(self, name: str) -> bool:
        """Whether this field of a page is subscribed at app level."""
        subscription = self.subscriptions.get("page")
        return subscription is not None and name in subscription.fields


def is_secure(uri: str) -> bool:
    """Whether an address is https, or http on this machine, which Meta lets pass for development."""
    parts = urlsplit(uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
