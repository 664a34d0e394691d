"""The relay's settings, each with the sentence that `--help` and error messages show. Read by `shared.settings`."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import ByteSize, Field, SecretStr, ValidationInfo, field_validator

from relay.core.connecting.dialog import LoginApp
from relay.core.connecting.public_url import check_public_url
from relay.core.limits import DAY_MS, DEAD_LIMITS, OUTBOX_LIMITS, Limits, Part
from relay.core.redis_address import InCluster, parse_redis_address
from shared.errors import UserError
from shared.graph import DIALOG_URL, GRAPH_URL
from shared.settings import Settings
from shared.vault import read_keys

PREFIX = "RELAY_"
MIB = 1024**2


class CommandSettings(Settings):
    """What commands need that only talk to a running relay."""

    prefix: ClassVar[str] = PREFIX

    data_dir: Path = Field(
        Path("var/relay"), description="folder of the relay's own files: embedded Redis, generated keys"
    )
    admin_token: SecretStr | None = Field(
        None, description="bearer token of the admin API; without it one is made and kept in the data folder"
    )
    admin_url: str = Field(
        "", description="where commands reach the relay; without it this machine at the relay's port"
    )
    port: int = Field(8080, ge=1, le=65535, description="TCP port of the relay's HTTP server")
    log_level: str = Field(
        "INFO",
        pattern="(?i)^(debug|info|warning|error)$",
        description="how much is logged: debug, info, warning or error",
    )

    @classmethod
    def known_fields(cls) -> Collection[str]:
        """Commands run in the same environment as the relay: its settings are no slip of the pen."""
        return RelaySettings.model_fields

    @property
    def commands_url(self) -> str:
        """Where commands reach the relay."""
        return self.admin_url or f"http://127.0.0.1:{self.port}"

    @property
    def admin_token_file(self) -> Path:
        """Where a generated admin token is kept."""
        return self.data_dir / "admin-token"


class RelaySettings(CommandSettings):
    """What the relay itself needs."""

    facebook_app_id: str = Field(
        pattern=r"^[0-9]+$",
        description="the Facebook app's id, digits only: Meta's dashboard, App settings → Basic → App ID",
    )
    facebook_app_secret: SecretStr = Field(
        min_length=1, description="the app's secret: Meta's dashboard, App settings → Basic → App secret"
    )
    facebook_verify_token: SecretStr = Field(
        min_length=8, description="a text of your choice, at least 8 characters, entered in Meta's dashboard as well"
    )
    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 in a container")
    worker_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="port where `relay worker` shows /healthz, /readyz and /metrics; without it, it listens nowhere",
    )
    processes: int = Field(1, ge=1, le=64, description="how many web processes share the port and the work")
    redis_url: SecretStr | None = Field(
        None,
        description="redis://, unix://, redis+sentinel:// or redis+cluster:// address (rediss… with TLS);"
        " without it `relay run` starts its own Redis",
    )
    rq_redis_url: SecretStr | None = Field(
        None,
        validate_default=True,
        description="a Redis for the schedule of retries alone, which it may lose; needed beside a cluster",
    )
    redis_wait_replicas: int = Field(
        0, ge=0, le=10, description="how many replicas must have an event before its 200; 0: the master alone"
    )
    master_key: SecretStr | None = Field(
        None,
        description="key that seals secrets in Redis; several, separated by commas, while it rotates (newest first);"
        " without it one is made and kept in the data folder",
    )
    public_url: str = Field(
        "",
        description="the relay's https address as Meta, the sites and browsers see it, such as"
        " https://relay.example.com; needed to connect pages in the browser and to confirm deletions",
    )
    facebook_login_config_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]*$",
        description="a configuration of Facebook Login for Business; without it people log in the classic way",
    )
    graph_url: str = Field(GRAPH_URL, description="the Graph API; another address only for tests")
    facebook_dialog_url: str = Field(DIALOG_URL, description="Facebook's login dialog; another address only for tests")

    outbox_max_events: int = Field(
        OUTBOX_LIMITS.max_events, ge=1000, description="most events that wait for one site, or for one unclaimed page"
    )
    outbox_max_bytes: ByteSize = Field(
        ByteSize(OUTBOX_LIMITS.max_bytes),
        ge=64 * MIB,
        description="most bytes of these events' JSON, as a number or like 2GiB; at least 64MiB",
    )
    outbox_max_days: int = Field(
        OUTBOX_LIMITS.max_age_ms // DAY_MS, ge=1, description="most days that an event waits; older ones are dropped"
    )
    dead_letter_max_events: int = Field(
        DEAD_LIMITS.max_events, ge=1000, description="most dead letters of one site: events it refused for good"
    )
    dead_letter_max_bytes: ByteSize = Field(
        ByteSize(DEAD_LIMITS.max_bytes),
        ge=64 * MIB,
        description="most bytes of the dead letters of one site, as a number or like 256MiB; at least 64MiB",
    )
    dead_letter_max_days: int = Field(
        DEAD_LIMITS.max_age_ms // DAY_MS, ge=1, description="most days that a dead letter is kept"
    )

    @field_validator("master_key")
    @classmethod
    def _usable_keys(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            if value is not None:
                read_keys(value, source="it")
        except UserError as error:
            raise ValueError(f"{error} (`relay new-master-key` makes one)") from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_redis_address(value.get_secret_value())
        return value

    @field_validator("public_url")
    @classmethod
    def _browsers_come_in_private(cls, value: str) -> str:
        return value and check_public_url(value)

    @field_validator("rq_redis_url")
    @classmethod
    def _no_cluster(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if _is_cluster(value):
            raise ValueError("is a cluster, and RQ does not work on one")
        if value is None and _is_cluster(info.data.get("redis_url")):
            raise ValueError("missing: RELAY_REDIS_URL is a cluster, and RQ does not work on one")
        return value

    @field_validator("redis_wait_replicas")
    @classmethod
    def _of_one_master(cls, value: int, info: ValidationInfo) -> int:
        if value and _is_cluster(info.data.get("redis_url")):
            raise ValueError("not beside a cluster; give its nodes `min-replicas-to-write` instead")
        return value

    @property
    def limits(self) -> Mapping[Part, Limits]:
        """How much an outbox may keep."""
        return {
            Part.WAITING: Limits(self.outbox_max_events, self.outbox_max_bytes, self.outbox_max_days * DAY_MS),
            Part.DEAD: Limits(
                self.dead_letter_max_events, self.dead_letter_max_bytes, self.dead_letter_max_days * DAY_MS
            ),
        }

    @property
    def login_app(self) -> LoginApp:
        """The app that people log in to who connect pages."""
        return LoginApp(self.facebook_app_id, self.public_url, self.facebook_login_config_id, self.facebook_dialog_url)

    @property
    def redis_address(self) -> str:
        """The address of the named Redis, which may hold a password; empty where none is named."""
        return "" if self.redis_url is None else self.redis_url.get_secret_value()

    @property
    def rq_redis_address(self) -> str:
        """The address of RQ's own Redis, which may hold a password; empty where RQ uses the relay's."""
        return "" if self.rq_redis_url is None else self.rq_redis_url.get_secret_value()

    @property
    def master_key_file(self) -> Path:
        """Where a generated master key is kept."""
        return self.data_dir / "master-key"

    @property
    def master_key_source(self) -> str:
        """Where the master keys are read, in words."""
        return f"the file {self.master_key_file}" if self.master_key is None else "RELAY_MASTER_KEY"


def _is_cluster(url: SecretStr | None) -> bool:
    return url is not None and isinstance(parse_redis_address(url.get_secret_value()), InCluster)
