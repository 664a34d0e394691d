"""The relay's settings: what is asked for, what is refused, and in which words."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from relay.core.limits import DAY_MS, DEAD_LIMITS, OUTBOX_LIMITS, Limits, Part
from relay.core.settings import CommandSettings, RelaySettings
from shared.errors import SettingsError
from shared.settings import load_settings
from shared.vault import new_master_key

NEEDED = {
    "RELAY_FACEBOOK_APP_ID": "1517776481860111",
    "RELAY_FACEBOOK_APP_SECRET": "app-secret-example",
    "RELAY_FACEBOOK_VERIFY_TOKEN": "verify-token-example",
}


def load(tmp_path: Path, environ: Mapping[str, str]) -> RelaySettings:
    return load_settings(RelaySettings, environ=environ, env_file=tmp_path / "none.env")


def problems(tmp_path: Path, environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, environ)
    assert refused.value.exit_code == 2
    assert all(problem in str(refused.value) for problem in refused.value.problems)
    return refused.value.problems


def test_three_settings_are_enough(tmp_path: Path) -> None:
    settings = load(tmp_path, NEEDED)

    assert settings.facebook_app_id == "1517776481860111"
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.redis_url is None
    assert settings.data_dir == Path("var/relay")
    assert settings.admin_token is None
    assert settings.master_key is None
    assert settings.commands_url == "http://127.0.0.1:8080"
    assert settings.admin_token_file == Path("var/relay/admin-token")
    assert settings.master_key_file == Path("var/relay/master-key")


def test_without_any_setting_each_missing_one_is_named_with_where_to_find_it(tmp_path: Path) -> None:
    found = problems(tmp_path, {})

    assert [problem.split(":")[0] for problem in found] == list(NEEDED)
    assert all(": missing (" in problem for problem in found)
    assert "Meta's dashboard" in found[0]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param(
            "RELAY_FACEBOOK_APP_ID",
            "my app",
            "RELAY_FACEBOOK_APP_ID: does not fit (the Facebook app's id, digits only",
            id="an app id of letters",
        ),
        pytest.param(
            "RELAY_FACEBOOK_VERIFY_TOKEN",
            "short",
            "too short: needs at least 8 characters, has 5",
            id="a short verify token",
        ),
        pytest.param("RELAY_PORT", "http", "RELAY_PORT: not a whole number (", id="a port of letters"),
        pytest.param("RELAY_PORT", "0", "RELAY_PORT: must be 1 or more (", id="port zero"),
        pytest.param("RELAY_PORT", "65536", "RELAY_PORT: must be 65535 or less (", id="a port beyond TCP"),
        pytest.param(
            "RELAY_LOG_LEVEL", "loud", "does not fit (how much is logged: debug, info", id="an unknown log level"
        ),
        pytest.param(
            "RELAY_REDIS_URL",
            "localhost:6379",
            "like redis://localhost:6379 (redis://, unix://, redis+sentinel:// or",
            id="an address, no URL",
        ),
        pytest.param("RELAY_REDIS_URL", "redis+sentinel://a,b", "names no service", id="Sentinels of no service"),
        pytest.param(
            "RELAY_REDIS_URL",
            "redis+cluster://a,b",
            "RELAY_RQ_REDIS_URL: missing: RELAY_REDIS_URL is a cluster, and RQ does not work on one",
            id="a cluster, and no place for RQ",
        ),
        pytest.param("RELAY_RQ_REDIS_URL", "redis+cluster://a", "RQ does not work on one", id="a cluster for RQ"),
        pytest.param("RELAY_RQ_REDIS_URL", "localhost", "like redis://localhost:6379", id="no URL for RQ"),
        pytest.param("RELAY_OUTBOX_MAX_EVENTS", "10", "must be 1000 or more (", id="an outbox for hardly anything"),
        pytest.param("RELAY_OUTBOX_MAX_BYTES", "1MiB", "must be 67108864 or more (", id="less than some large events"),
        pytest.param("RELAY_OUTBOX_MAX_BYTES", "plenty", "not a number of bytes (", id="a size of letters"),
        pytest.param("RELAY_OUTBOX_MAX_DAYS", "0", "must be 1 or more (", id="no day"),
        pytest.param("RELAY_MASTER_KEY", "too-short", "relay new-master-key", id="no master key"),
        pytest.param("RELAY_MASTER_KEY", "k\u00e9y", "relay new-master-key", id="a master key beyond ASCII"),
        pytest.param("RELAY_APP_SECRET", "x", "did you mean RELAY_FACEBOOK_APP_SECRET?", id="half of a name"),
        pytest.param("RELAY_PROT", "8080", "RELAY_PROT: no such setting", id="a slip of the pen"),
    ],
)
def test_a_bad_value_is_named_and_explained(tmp_path: Path, name: str, value: str, words: str) -> None:
    (problem,) = problems(tmp_path, {**NEEDED, name: value})

    assert words in problem


def test_without_a_word_outboxes_have_the_limits_that_are_documented(tmp_path: Path) -> None:
    assert load(tmp_path, NEEDED).limits == {Part.WAITING: OUTBOX_LIMITS, Part.DEAD: DEAD_LIMITS}


def test_limits_are_set_for_what_waits_and_for_dead_letters_and_sizes_may_have_units(tmp_path: Path) -> None:
    environ = {
        "RELAY_OUTBOX_MAX_EVENTS": "5000",
        "RELAY_OUTBOX_MAX_BYTES": "1.5GiB",
        "RELAY_OUTBOX_MAX_DAYS": "2",
        "RELAY_DEAD_LETTER_MAX_EVENTS": "6000",
        "RELAY_DEAD_LETTER_MAX_BYTES": "70000000",
        "RELAY_DEAD_LETTER_MAX_DAYS": "3",
    }

    assert load(tmp_path, NEEDED | environ).limits == {
        Part.WAITING: Limits(5000, 3 * 1024**3 // 2, 2 * DAY_MS),
        Part.DEAD: Limits(6000, 70_000_000, 3 * DAY_MS),
    }


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    environ = {
        "RELAY_FACEBOOK_APP_ID": "letters",
        "RELAY_FACEBOOK_VERIFY_TOKEN_FILE": str(tmp_path / "nothing-here"),
        "RELAY_REDIS_URL": "localhost",
        "RELAY_MASTER_KEY": "bad",
        "RELAY_TYPO": "1",
    }

    found = problems(tmp_path, environ)

    assert sorted(problem.split(":")[0] for problem in found) == [
        "RELAY_FACEBOOK_APP_ID",
        "RELAY_FACEBOOK_APP_SECRET",
        "RELAY_FACEBOOK_VERIFY_TOKEN_FILE",
        "RELAY_MASTER_KEY",
        "RELAY_REDIS_URL",
        "RELAY_TYPO",
    ]


def test_no_problem_repeats_a_secret(tmp_path: Path) -> None:
    environ = {
        **NEEDED,
        "RELAY_FACEBOOK_VERIFY_TOKEN": "hush-1",
        "RELAY_MASTER_KEY": "hush-2",
        "RELAY_REDIS_URL": "http://:hush-3@127.0.0.1",
    }

    assert "hush" not in " ".join(problems(tmp_path, environ))


def test_every_setting_may_come_from_a_file(tmp_path: Path) -> None:
    secret_file = tmp_path / "app-secret"
    secret_file.write_text("from-a-file\n")
    environ = {**NEEDED, "RELAY_FACEBOOK_APP_SECRET": "", "RELAY_FACEBOOK_APP_SECRET_FILE": str(secret_file)}

    assert load(tmp_path, environ).facebook_app_secret.get_secret_value() == "from-a-file"


def test_master_keys_may_be_several_while_they_rotate(tmp_path: Path) -> None:
    keys = f"{new_master_key().get_secret_value()},{new_master_key().get_secret_value()}"
    found = load(tmp_path, {**NEEDED, "RELAY_MASTER_KEY": keys}).master_key

    assert found is not None
    assert found.get_secret_value() == keys
    assert "master key" not in "".join(load(tmp_path, NEEDED).summary().values())


def test_a_cluster_waits_for_no_replicas(tmp_path: Path) -> None:
    environ = {"RELAY_REDIS_URL": "redis+cluster://a", "RELAY_RQ_REDIS_URL": "redis://b"}
    (problem,) = problems(tmp_path, {**NEEDED, **environ, "RELAY_REDIS_WAIT_REPLICAS": "1"})

    assert "min-replicas-to-write" in problem
    assert load(tmp_path, {**NEEDED, "RELAY_REDIS_WAIT_REPLICAS": "2"}).redis_wait_replicas == 2


def test_rq_may_have_a_redis_of_its_own_beside_whatever_there_is(tmp_path: Path) -> None:
    own = {"RELAY_RQ_REDIS_URL": "redis+sentinel://a,b/main"}
    for redis_url in ("", "redis://h", "redis+cluster://h"):
        settings = load(tmp_path, {**NEEDED, **own, "RELAY_REDIS_URL": redis_url})
        assert (settings.redis_address, settings.rq_redis_address) == (redis_url, "redis+sentinel://a,b/main")
    assert load(tmp_path, NEEDED).rq_redis_address == ""


@pytest.mark.parametrize("bad", ["", ",", "x"])
def test_one_bad_master_key_among_good_ones_is_refused(tmp_path: Path, bad: str) -> None:
    (problem,) = problems(tmp_path, {**NEEDED, "RELAY_MASTER_KEY": f"{new_master_key().get_secret_value()},{bad}"})

    assert problem.startswith("RELAY_MASTER_KEY: ")


def test_a_summary_tells_no_secret(tmp_path: Path) -> None:
    environ = {
        **NEEDED,
        "RELAY_ADMIN_TOKEN": "hush-admin",
        "RELAY_FACEBOOK_APP_SECRET": "hush-secret",
        "RELAY_FACEBOOK_VERIFY_TOKEN": "hush-token",
        "RELAY_REDIS_URL": "redis://user:hush-password@redis.example:6379/0",
    }
    summary = load(tmp_path, environ).summary()

    assert set(summary) == set(RelaySettings.model_fields)
    assert "hush" not in "".join(summary.values())
    assert summary["facebook_app_secret"] == "***"
    assert summary["facebook_app_id"] == "1517776481860111"


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in RelaySettings.model_fields.values())


class TestCommandSettings:
    def test_a_command_needs_no_setting_and_takes_the_relays_environment(self, tmp_path: Path) -> None:
        settings = load_settings(CommandSettings, environ=NEEDED, env_file=tmp_path / "none.env")

        assert settings.commands_url == "http://127.0.0.1:8080"

    def test_a_slip_of_the_pen_is_one_for_commands_too(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="RELAY_PROT: no such setting"):
            load_settings(CommandSettings, environ={"RELAY_PROT": "1"}, env_file=tmp_path / "none.env")

    def test_the_admin_address_wins_over_the_port(self, tmp_path: Path) -> None:
        environ = {"RELAY_ADMIN_URL": "https://relay.example", "RELAY_PORT": "9000"}

        assert load_settings(CommandSettings, environ=environ, env_file=tmp_path / "n").commands_url == (
            "https://relay.example"
        )
