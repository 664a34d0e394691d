"""Every setting of the on-site client, with what it is for and what fits. Not how settings are read: `shared.settings`.

A fresh machine needs none of them: without `ONSITE_SITE` and `ONSITE_RELAY_SECRET` the site does Telegram alone.
"""

from collections.abc import Collection
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from onsite.core.telegram.api import TELEGRAM_URL
from shared.errors import InvalidSiteSecret, UserError
from shared.graph import GRAPH_URL
from shared.names import SITE_NAME_RULE, is_site_name
from shared.settings import Settings
from shared.site_secret import key_of
from shared.vault import read_keys

_DATABASES = ("sqlite:", "postgresql+psycopg:")


class CommandSettings(Settings):
    """What commands need that only talk to a running site."""

    prefix: ClassVar[str] = "ONSITE_"

    data_dir: Path = Field(Path("var/onsite"), description="folder of the database and of generated keys")
    api_token: SecretStr | None = Field(
        None, description="bearer token of /api/v1; without it one is made and kept in the data folder"
    )
    port: int = Field(8090, ge=0, le=65535, description="port to listen on; 0 takes any free one")
    log_level: str = Field(
        "INFO",
        pattern="(?i)^(debug|info|warning|error)$",
        description="how much is logged: debug, info, warning or error",
    )

    @classmethod
    def known_fields(cls) -> Collection[str]:
        """Commands run in the same environment as the site: its settings are no slip of the pen."""
        return OnsiteSettings.model_fields

    @property
    def api_token_file(self) -> Path:
        """Where a generated token is kept."""
        return self.data_dir / "api-token"

    @field_validator("api_token")
    @classmethod
    def _api_token_is_long(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < 16:  # noqa: PLR2004  below it, guessing pays
            raise ValueError("shorter than 16 characters")
        return token


class OnsiteSettings(CommandSettings):
    """What the site itself needs."""

    site: str | None = Field(None, description="this site's name at the relay, as its operator told you")
    relay_secret: SecretStr | None = Field(
        None, validate_default=True, description="the site's secret from `relay site add`: whsec_…"
    )
    relay_url: str | None = Field(
        None,
        description="the relay's public address, such as https://relay.example.com; with it the site announces itself"
        " when it starts and after an outage, and what waited comes at once",
    )
    public_url: str | None = Field(
        None, description="the address under which the relay reaches this site; not used by this release"
    )
    database_url: SecretStr | None = Field(
        None, description="sqlite:///… or postgresql+psycopg://…; a file in the data folder if unset"
    )
    # Loopback, because a proxy that speaks TLS belongs in front of it: whoever listens to the whole network says so.
    host: str = Field("127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 in a container")
    master_key: SecretStr | None = Field(
        None,
        description="key that seals tokens in the database; several, separated by commas, while it rotates"
        " (newest first; `onsite rotate-master-key`); without it one is made and kept in the data folder",
    )
    media_max_file_mb: int = Field(
        100, ge=1, le=2048, description="largest file of a customer's that is fetched, in MB; Telegram gives bots 20 MB"
    )
    media_keep_days: int | None = Field(
        None, ge=1, le=36500, description="how many days customers' files are kept; for good if unset"
    )
    media_keep_gb: float | None = Field(
        None, gt=0, le=1_000_000, description="how many GB of them are kept, the newest ones; all if unset"
    )
    graph_url: str = Field(GRAPH_URL, description="the Graph API; another address only for tests")
    telegram_url: str = Field(TELEGRAM_URL, description="the Bot API; another address for a server of your own")

    @property
    def media_folder(self) -> Path:
        """Where customers' files are kept."""
        return self.data_dir / "media"

    @property
    def media_limit_bytes(self) -> int:
        """The largest file that is fetched."""
        return self.media_max_file_mb * 2**20

    @property
    def media_keep_bytes(self) -> int | None:
        """How much is kept; None: all."""
        return None if self.media_keep_gb is None else int(self.media_keep_gb * 2**30)

    @property
    def master_key_file(self) -> Path:
        """Where a generated master key is kept."""
        return self.data_dir / "master-key"

    @property
    def master_keys(self) -> list[SecretStr]:
        """The configured keys, newest first; none where one is to be generated."""
        return [] if self.master_key is None else read_keys(self.master_key, source="ONSITE_MASTER_KEY")

    @field_validator("site")
    @classmethod
    def _site_is_a_name(cls, site: str | None) -> str | None:
        if site is not None and not is_site_name(site):
            raise ValueError(f"{site!r} is no site name: {SITE_NAME_RULE}")
        return site

    @field_validator("relay_secret")
    @classmethod
    def _secret_and_site_come_together(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is None:
            if info.data.get("site") is not None:
                raise ValueError("missing, though ONSITE_SITE is set: both come from the relay's operator")
            return None
        try:
            key_of(secret)
        except InvalidSiteSecret as error:
            raise ValueError(str(error)) from None
        if "site" in info.data and info.data["site"] is None:
            raise ValueError("set, though ONSITE_SITE is not: both come from the relay's operator")
        return secret

    @field_validator("relay_url", "public_url", "graph_url", "telegram_url")
    @classmethod
    def _address_is_http(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not _is_http(url):
            raise ValueError("no address that starts with http:// or https://")
        return url.rstrip("/")

    @field_validator("relay_url")
    @classmethod
    def _relay_is_asked_in_private(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None:
            return None
        if "site" in info.data and info.data["site"] is None:
            raise ValueError("set, though ONSITE_SITE is not: both come from the relay's operator")
        parts = urlsplit(url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("holds more than scheme, host, port and path")
        if parts.path.endswith("/v1"):
            raise ValueError("ends in /v1, which is added by itself: name the address before it")
        if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
            raise ValueError("not https: this site's token would be told to everybody on the way")
        return url

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(_DATABASES):
            raise ValueError(f"must start with {' or '.join(_DATABASES)}")
        return url

    @field_validator("master_key")
    @classmethod
    def _keys_are_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        try:
            if keys is not None:
                read_keys(keys, source="it")
        except UserError as error:
            raise ValueError(f"{error} (`onsite new-master-key` makes one)") from None
        return keys


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a broken host, or a port that is no number
        return False


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name
        return False
