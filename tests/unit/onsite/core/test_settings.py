"""The site's settings: none are needed, all problems are told at once, no secret is repeated."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from onsite.core.settings import CommandSettings, OnsiteSettings
from shared.errors import SettingsError
from shared.settings import load_settings
from shared.vault import new_master_key

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def load(tmp_path: Path, **flags: Any) -> OnsiteSettings:
    return load_settings(OnsiteSettings, environ=flags.pop("environ", {}), env_file=tmp_path / "none", **flags)


def problems(tmp_path: Path, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, environ=environ)
    return caught.value.problems


def test_a_fresh_machine_needs_no_setting(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8090, Path("var/onsite"))
    assert (settings.site, settings.relay_secret, settings.master_keys) == (None, None, [])
    assert settings.graph_url == "https://graph.facebook.com"
    assert settings.telegram_url == "https://api.telegram.org"


def test_generated_secrets_live_in_the_data_folder(tmp_path: Path) -> None:
    settings = load(tmp_path, data_dir=tmp_path)

    assert settings.api_token_file == tmp_path / "api-token"
    assert settings.master_key_file == tmp_path / "master-key"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param("ONSITE_SITE", "Acme Inc", "is no site name: 1 to 63 characters", id="site"),
        pytest.param("ONSITE_RELAY_SECRET", "hunter2", "starts with whsec_", id="secret without prefix"),
        pytest.param("ONSITE_RELAY_SECRET", "whsec_%%%", "is not base64", id="secret no base64"),
        pytest.param("ONSITE_RELAY_URL", "relay.example.com", "http:// or https://", id="address without scheme"),
        pytest.param("ONSITE_RELAY_URL", "https://relay.example.com", "though ONSITE_SITE is not", id="relay, no site"),
        pytest.param("ONSITE_GRAPH_URL", "ftp://x", "http:// or https://", id="address of another kind"),
        pytest.param("ONSITE_TELEGRAM_URL", "https://", "http:// or https://", id="address without host"),
        pytest.param("ONSITE_TELEGRAM_URL", "http://[::1", "http:// or https://", id="address that is broken"),
        pytest.param("ONSITE_TELEGRAM_URL", "http://x:y", "http:// or https://", id="address with an odd port"),
        pytest.param("ONSITE_PUBLIC_URL", "x", "http:// or https://", id="public address"),
        pytest.param("ONSITE_DATABASE_URL", "mysql://x", "sqlite: or postgresql+psycopg:", id="database"),
        pytest.param("ONSITE_PORT", "65536", "65535", id="port too large"),
        pytest.param("ONSITE_PORT", "http", "not a whole number (port", id="port no number"),
        pytest.param("ONSITE_API_TOKEN", "short", "shorter than 16 characters", id="guessable token"),
        pytest.param("ONSITE_MASTER_KEY", "abc", "32 bytes in base64url", id="master key"),
        pytest.param(
            "ONSITE_LOG_LEVEL",
            "loud",
            "does not fit (how much is logged: debug, info, warning or error)",
            id="log level",
        ),
        pytest.param("ONSITE_COLOUR", "blue", "no such setting", id="unknown"),
    ],
)
def test_what_does_not_fit_is_told_by_its_name(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    told = problems(tmp_path, **{name: value})

    assert any(problem.startswith(name) and sentence in problem for problem in told), told


def test_site_and_secret_come_together_or_not_at_all(tmp_path: Path) -> None:
    assert "missing, though ONSITE_SITE is set" in problems(tmp_path, ONSITE_SITE="acme")[0]
    assert "set, though ONSITE_SITE is not" in problems(tmp_path, ONSITE_RELAY_SECRET=SECRET)[0]
    settings = load(tmp_path, environ={"ONSITE_SITE": "acme", "ONSITE_RELAY_SECRET": SECRET})
    assert settings.relay_secret == SecretStr(SECRET)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("https://relay.example.com", "", id="https"),
        pytest.param("https://relay.example.com:8443/prefix", "", id="port and path"),
        pytest.param("http://127.0.0.1:8080", "", id="this machine"),
        pytest.param("http://[::1]:8080", "", id="this machine, IPv6"),
        pytest.param("http://localhost:8080", "", id="this machine by name"),
        pytest.param("http://relay.example.com", "not https: this site's token", id="in the clear"),
        pytest.param("http://10.0.0.7", "not https: this site's token", id="in the clear, a private network"),
        pytest.param("http://localhost.example.com", "not https: this site's token", id="only looks like this machine"),
        pytest.param("https://user:hunter2@relay.example.com", "more than scheme, host", id="a password"),
        pytest.param("https://relay.example.com/?site=acme", "more than scheme, host", id="a query"),
        pytest.param("https://relay.example.com/v1", "ends in /v1", id="the path of its calls"),
        pytest.param("https://relay.example.com/prefix/v1/", "ends in /v1", id="the same behind a prefix"),
        pytest.param("https://relay.example.com/#top", "more than scheme, host", id="a fragment"),
    ],
)
def test_the_relay_is_asked_where_nobody_can_read_the_token(tmp_path: Path, url: str, problem: str) -> None:
    environ = {"ONSITE_SITE": "acme", "ONSITE_RELAY_SECRET": SECRET, "ONSITE_RELAY_URL": url}
    if not problem:
        assert load(tmp_path, environ=environ).relay_url == url
        return
    (told,) = problems(tmp_path, **environ)

    assert told.startswith("ONSITE_RELAY_URL")
    assert problem in told
    assert "hunter2" not in told


def test_a_wrong_site_is_told_once_and_not_as_missing_too(tmp_path: Path) -> None:
    assert len(problems(tmp_path, ONSITE_SITE="Acme Inc", ONSITE_RELAY_SECRET=SECRET)) == 1


def test_no_problem_repeats_a_secret(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        ONSITE_RELAY_SECRET="whsec_hunter2",
        ONSITE_API_TOKEN="hunter2",
        ONSITE_MASTER_KEY="hunter2",
        ONSITE_DATABASE_URL="mysql://user:hunter2@x",
    )

    assert len(told) == 4
    assert "hunter2" not in " ".join(told)


def test_several_master_keys_stand_newest_first(tmp_path: Path) -> None:
    keys = [new_master_key(), new_master_key()]
    text = " , ".join(key.get_secret_value() for key in keys)

    assert load(tmp_path, environ={"ONSITE_MASTER_KEY": text}).master_keys == keys


def test_a_slash_at_the_end_of_an_address_is_no_difference(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"ONSITE_GRAPH_URL": "http://127.0.0.1:1/"}).graph_url == "http://127.0.0.1:1"


def test_a_summary_shows_no_secret(tmp_path: Path) -> None:
    summary = load(
        tmp_path,
        environ={
            "ONSITE_SITE": "acme",
            "ONSITE_RELAY_SECRET": SECRET,
            "ONSITE_DATABASE_URL": "postgresql+psycopg://user:hunter2@x/y",
        },
    ).summary()

    assert summary["site"] == "acme"
    assert SECRET not in str(summary)
    assert "hunter2" not in str(summary)


def test_commands_run_beside_the_sites_own_settings(tmp_path: Path) -> None:
    environ = {"ONSITE_SITE": "acme", "ONSITE_RELAY_SECRET": "whatever", "ONSITE_PORT": "9000"}
    settings = load_settings(CommandSettings, environ=environ, env_file=tmp_path / "none")

    assert settings.port == 9000


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in OnsiteSettings.model_fields.values())
