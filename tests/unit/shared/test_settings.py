"""Where settings come from, who wins, and how problems are told."""

from collections.abc import Collection
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr

from shared.errors import SettingsError
from shared.settings import Settings, load_settings


class Example(Settings):
    prefix: ClassVar[str] = "DEMO_"

    name: str = Field(description="a name")
    port: int = Field(80, ge=1, description="a port")
    secret: SecretStr | None = Field(None, min_length=4, description="a secret")

    @classmethod
    def known_fields(cls) -> Collection[str]:
        return {*cls.model_fields, "only_of_the_server"}


def load(tmp_path: Path, *, env_file: str | None = None, **environ: str) -> Example:
    path = tmp_path / "demo.env"
    if env_file is not None:
        path.write_text(env_file)
    return load_settings(Example, environ=environ, env_file=path)


def problems(tmp_path: Path, *, env_file: str | None = None, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, env_file=env_file, **environ)
    return refused.value.problems


class TestWhoWins:
    def test_the_environment_wins_over_the_env_file(self, tmp_path: Path) -> None:
        settings = load(tmp_path, env_file="DEMO_NAME=file\nDEMO_PORT=81\n", DEMO_NAME="environment")

        assert (settings.name, settings.port) == ("environment", 81)

    def test_a_flag_wins_over_everything(self, tmp_path: Path) -> None:
        environ = {"DEMO_NAME": "environment", "DEMO_PORT": "82"}
        settings = load_settings(Example, environ=environ, env_file=tmp_path / "none", name="flag", port=None)

        assert (settings.name, settings.port) == ("flag", 82)

    def test_an_empty_variable_counts_as_not_set(self, tmp_path: Path) -> None:
        settings = load(tmp_path, env_file="DEMO_PORT=81\n", DEMO_NAME="a", DEMO_PORT="", DEMO_SECRET="")

        assert (settings.port, settings.secret) == (81, None)

    def test_a_variable_wins_over_a_file_that_the_env_file_names(self, tmp_path: Path) -> None:
        # `relay run` hands its worker what it read itself, whatever .env says.
        settings = load(tmp_path, env_file="DEMO_NAME_FILE=/nowhere\n", DEMO_NAME="environment")

        assert settings.name == "environment"

    def test_a_file_that_the_environment_names_wins_over_the_env_file(self, tmp_path: Path) -> None:
        (tmp_path / "name").write_text("  from a file \n")
        settings = load(tmp_path, env_file="DEMO_NAME=a\n", DEMO_NAME_FILE=str(tmp_path / "name"))

        assert settings.name == "from a file"

    def test_without_an_environment_the_processs_own_is_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text("DEMO_PORT=83\n")
        monkeypatch.setenv("DEMO_NAME", "process")

        settings = load_settings(Example)

        assert (settings.name, settings.port) == ("process", 83)


class TestProblems:
    def test_all_are_told_at_once_in_words(self, tmp_path: Path) -> None:
        assert problems(tmp_path, DEMO_PORT="none", DEMO_SECRET="ab", DEMO_TYPO="x") == [
            "DEMO_TYPO: no such setting; the documentation lists all settings",
            "DEMO_NAME: missing (a name)",
            "DEMO_PORT: not a whole number (a port)",
            "DEMO_SECRET: too short: needs at least 4 characters, has 2 (a secret)",
        ]

    def test_a_value_and_its_file_together_are_one_problem(self, tmp_path: Path) -> None:
        assert problems(tmp_path, DEMO_NAME="a", DEMO_NAME_FILE="/b") == [
            "DEMO_NAME and DEMO_NAME_FILE are both set: keep one of them"
        ]

    def test_a_file_that_is_not_there_is_one_problem(self, tmp_path: Path) -> None:
        assert problems(tmp_path, DEMO_NAME_FILE="/nowhere/name") == [
            "DEMO_NAME_FILE: /nowhere/name cannot be read (No such file or directory)"
        ]

    def test_a_file_that_is_no_text_is_a_problem_that_repeats_nothing_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "name"
        path.write_bytes(b"hush \xff")

        assert problems(tmp_path, DEMO_NAME_FILE=str(path)) == [
            f"DEMO_NAME_FILE: {path} cannot be read (it is no UTF-8 text)"
        ]

    def test_an_env_file_that_is_no_text_is_a_problem(self, tmp_path: Path) -> None:
        path = tmp_path / "demo.env"
        path.write_bytes(b"DEMO_NAME=\xff\n")

        with pytest.raises(SettingsError, match=r"demo\.env cannot be read \(it is no UTF-8 text\)"):
            load_settings(Example, environ={}, env_file=path)

    def test_an_unknown_variable_in_the_env_file_is_a_slip_too(self, tmp_path: Path) -> None:
        assert problems(tmp_path, env_file="DEMO_PROT=1\n", DEMO_NAME="a") == [
            "DEMO_PROT: no such setting; did you mean DEMO_PORT?"
        ]

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            pytest.param("DEMO_PROT", "DEMO_PORT", id="letters swapped"),
            pytest.param("DEMO_SECRETS", "DEMO_SECRET", id="one too many"),
            pytest.param("DEMO_SECRT_FILE", "DEMO_SECRET_FILE", id="the file of a secret"),
            pytest.param("DEMO_OF_THE_SERVER", "DEMO_ONLY_OF_THE_SERVER", id="a part of the name"),
        ],
    )
    def test_the_setting_that_was_most_likely_meant_is_named(self, tmp_path: Path, typed: str, meant: str) -> None:
        assert problems(tmp_path, **{"DEMO_NAME": "a", typed: "b"}) == [
            f"{typed}: no such setting; did you mean {meant}?"
        ]

    @pytest.mark.parametrize(
        "name", ["OTHER_THING", "DEMO_ONLY_OF_THE_SERVER", "DEMO_ONLY_OF_THE_SERVER_FILE", "demo_x"]
    )
    def test_what_is_none_of_our_business_passes(self, tmp_path: Path, name: str) -> None:
        assert load(tmp_path, **{"DEMO_NAME": "a", name: "b"}).name == "a"

    def test_the_heading_counts(self) -> None:
        assert str(SettingsError(["a"])) == "1 setting needs attention:\n  - a"
        assert str(SettingsError(["a", "b"])) == "2 settings need attention:\n  - a\n  - b"


def test_a_summary_shows_every_setting_and_no_secret() -> None:
    settings = Example(name="redis://u:hush@host/0", secret=SecretStr("hush hush"))

    assert settings.summary() == {"name": "redis://u:***@host/0", "port": "80", "secret": "***"}


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Example(name="a").name = "b"  # type: ignore[misc]  # that it cannot be set is the point
