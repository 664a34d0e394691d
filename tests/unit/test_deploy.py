"""`deploy/` against the code it deploys, as far as that needs no container engine, no init system and no proxy."""

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from onsite import bootstrap as onsite_bootstrap
from onsite.core.settings import OnsiteSettings
from relay.adapters import child_process
from relay.core.checks.redis import persistence_problems
from relay.core.settings import RelaySettings
from relay.core.webhook import MAX_BODY_BYTES
from relay.engine import lane
from shared import runtime
from shared.errors import SettingsError
from shared.settings import FILE_SUFFIX, Settings, load_settings
from shared.site_secret import new_site_secret
from shared.wire import MAX_BATCH_BYTES
from tests.world.ports import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

REQUESTS_AND_BATCHES_S = runtime.FINISH_REQUESTS_S + lane.FINISH_BATCHES_S
WEB_PROCESSES_S = child_process.STOP_TIMEOUT_S


class Half(NamedTuple):
    """What a half's files must agree with."""

    name: str
    settings: type[Settings]
    filled: dict[str, str]
    """What an operator fills in, by variable."""
    stop_s: float
    """The longest it takes to stop as one process of a container."""
    run_stop_s: float
    """The same for everything that `run` starts."""

    @property
    def folder(self) -> Path:
        return DEPLOY / self.name

    def load(self, environ: Mapping[str, str]) -> Settings:
        return load_settings(self.settings, environ=environ, env_file=self.folder / "none")


RELAY = Half(
    "relay",
    RelaySettings,
    {
        "RELAY_FACEBOOK_APP_ID": "1517776481860111",
        "RELAY_FACEBOOK_APP_SECRET": "app-secret-example",
        "RELAY_FACEBOOK_VERIFY_TOKEN": "verify-token-example",
    },
    stop_s=max(REQUESTS_AND_BATCHES_S, WEB_PROCESSES_S),
    run_stop_s=max(REQUESTS_AND_BATCHES_S, WEB_PROCESSES_S) + 2 * child_process.STOP_TIMEOUT_S,
)
ONSITE = Half(
    "onsite",
    OnsiteSettings,
    {"ONSITE_SITE": "acme", "ONSITE_RELAY_SECRET": new_site_secret().get_secret_value()},
    stop_s=runtime.FINISH_REQUESTS_S + onsite_bootstrap.DRAIN_S,
    run_stop_s=runtime.FINISH_REQUESTS_S + onsite_bootstrap.DRAIN_S,
)

both_halves = pytest.mark.parametrize("half", [pytest.param(RELAY, id="relay"), pytest.param(ONSITE, id="onsite")])


def dockerfile(half: Half) -> list[tuple[str, str]]:
    """Read the instructions, each as its word and the rest of its logical line."""
    text = re.sub(r"^#.*\n", "", (half.folder / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last(half: Half, word: str) -> str:
    """Return what the image's final stage says: the last instruction wins."""
    return [rest for found, rest in dockerfile(half) if found == word][-1]


def image_environment(half: Half) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(last(half, "ENV")))


def compose(half: Half) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((half.folder / "compose.yaml").read_text())
    return loaded


def own_services(half: Half) -> dict[str, dict[str, Any]]:
    """Return the services that run the half's image."""
    return {name: each for name, each in compose(half)["services"].items() if "build" in each}


def unit(half: Half) -> dict[str, list[str]]:
    """Read a systemd unit: each directive with all its values."""
    directives = defaultdict(list)
    for line in (half.folder / f"{half.name}.service").read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            directives[name].append(value)
    return directives


def secret_variables(half: Half) -> set[str]:
    fields = half.settings.model_fields
    return {half.settings.variable(name) for name, info in fields.items() if "SecretStr" in repr(info.annotation)}


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


class Example(NamedTuple):
    """One setting of an `.env.example`."""

    variable: str
    value: str
    commented_out: bool
    sentence: str


def examples(half: Half) -> Iterator[Example]:
    for paragraph in (half.folder / ".env.example").read_text().split("\n\n"):
        *comments, line = paragraph.strip().splitlines()
        setting = re.fullmatch(r"(#?)([A-Z_]+)=(.*)", line)
        if setting:
            hash_, variable, value = setting.groups()
            yield Example(variable, value, bool(hash_), " ".join(each.removeprefix("# ") for each in comments))


@both_halves
def test_an_example_lists_every_setting_and_nothing_else_with_the_models_sentence(half: Half) -> None:
    expected = {half.settings.variable(name): info.description for name, info in half.settings.model_fields.items()}

    assert {each.variable: each.sentence for each in examples(half)} == expected


@both_halves
def test_an_example_asks_for_what_is_required_and_shows_the_default_of_the_rest(half: Half) -> None:
    for name, info in half.settings.model_fields.items():
        [example] = [each for each in examples(half) if each.variable == half.settings.variable(name)]
        default = "" if info.is_required() or info.default is None else str(info.default)
        assert (example.commented_out, example.value) == (not info.is_required(), default)


@both_halves
def test_a_filled_example_loads_and_its_defaults_are_the_models(half: Half) -> None:
    shown = {each.variable: each.value for each in examples(half)}

    assert half.load(shown | half.filled) == half.load(half.filled)


def test_an_example_copied_but_not_filled_in_names_what_is_missing() -> None:
    with pytest.raises(SettingsError) as error:
        RELAY.load({each.variable: each.value for each in examples(RELAY)})

    assert [problem.split(":")[0] for problem in error.value.problems] == list(RELAY.filled)


@both_halves
def test_an_image_is_built_of_files_that_exist_and_that_the_build_may_see(half: Half) -> None:
    allowed = (half.folder / "Dockerfile.dockerignore").read_text().splitlines()
    copies = [shlex.split(rest) for word, rest in dockerfile(half) if word == "COPY" and "--from" not in rest]
    sources = {source for *all_but_target, _ in copies for source in all_but_target}

    assert "*" in allowed
    assert {"!" + source for source in sources} == {line for line in allowed if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)


@both_halves
def test_an_image_names_exact_bases_without_a_host_and_installs_exact_versions(half: Half) -> None:
    bases = [rest.split()[0] for word, rest in dockerfile(half) if word == "FROM"]
    install = next(rest for word, rest in dockerfile(half) if word == "RUN" and "pip install" in rest)

    assert bases == ["python:3.12-slim-bookworm"] * 2
    assert f"--constraint deploy/constraints.txt '.[{half.name}]'" in install
    assert half.name in PROJECT["project"]["optional-dependencies"]


@both_halves
def test_an_image_runs_as_an_ordinary_user_who_owns_its_data_volume(half: Half) -> None:
    data = image_environment(half)[half.settings.variable("data_dir")]
    user, _, group = last(half, "USER").partition(":")

    assert user.isdigit()
    assert int(user) > 0
    assert f"install --directory --owner {user} --group {group} --mode 0700 {data}" in last(half, "RUN")
    assert json.loads(last(half, "VOLUME")) == [data]
    assert last(half, "STOPSIGNAL") == "SIGTERM"


@both_halves
def test_an_image_listens_to_the_outside_on_the_port_that_its_health_check_asks(half: Half) -> None:
    environment = image_environment(half)
    port = half.settings.variable("port")
    copied = [shlex.split(rest)[-1] for word, rest in dockerfile(half) if word == "COPY"]
    program, script, variable = json.loads(last(half, "HEALTHCHECK").partition("CMD ")[2])

    assert half.load(environment | half.filled).model_dump()["host"] == "0.0.0.0"  # noqa: S104  meant
    assert (program, variable) == ("python", port)
    assert script in copied
    assert last(half, "EXPOSE") == environment[port]


@pytest.mark.parametrize(
    ("status", "exit_code", "says"),
    [
        pytest.param(200, 0, "", id="alive"),
        pytest.param(503, 1, "/healthz answers 503", id="refusing"),
        pytest.param(None, 1, "/healthz does not answer", id="away"),
    ],
)
async def test_the_health_check_tells_a_living_server_from_others(
    status: int | None, exit_code: int, says: str
) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(status=status or 500)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    async with TestServer(app) as server:
        port = free_port() if status is None else server.port
        # A proxy for outbound requests must not be asked about our own health.
        environ = {"RELAY_PORT": str(port), "http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
        check = await asyncio.create_subprocess_exec(
            *(sys.executable, str(DEPLOY / "healthcheck.py"), "RELAY_PORT"), env=environ, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await check.communicate()

    assert check.returncode == exit_code
    assert says in errors.decode()


@both_halves
def test_whatever_starts_a_half_starts_a_command_that_exists(half: Half) -> None:
    program, *arguments = unit(half)["ExecStart"][0].split()
    commands = {
        tuple(arguments),
        tuple(json.loads(last(half, "CMD"))),
        *(tuple(service["command"]) for service in own_services(half).values()),
    }

    assert Path(program).name in PROJECT["project"]["scripts"]
    assert json.loads(last(half, "ENTRYPOINT")) == [half.name]
    for command in commands:
        help_ = [sys.executable, "-m", half.name, *command, "--help"]
        assert subprocess.run(help_, cwd=ROOT, capture_output=True, check=False).returncode == 0, command


def test_the_relays_redis_keeps_what_it_is_given() -> None:
    program, *flags = compose(RELAY)["services"]["redis"]["command"]
    config = {name.removeprefix("--"): value for name, value in zip(flags[::2], flags[1::2], strict=True)}

    assert program == "redis-server"
    assert persistence_problems(config) == []
    assert config["appendfsync"] == "always"
    assert {"appendonly", "maxmemory-policy"} <= config.keys()


def test_the_relays_redis_is_reached_by_the_relay_alone_and_has_a_volume_of_its_own() -> None:
    file = compose(RELAY)
    redis = file["services"]["redis"]
    [volume] = redis["volumes"]

    assert "ports" not in redis
    assert redis["networks"] == ["store"]
    assert file["networks"]["store"] == {"internal": True}
    assert volume.split(":")[0] in file["volumes"]
    assert all(volume not in service["volumes"] for service in own_services(RELAY).values())


@both_halves
def test_compose_hands_secrets_over_as_files_and_never_inline(half: Half) -> None:
    declared = compose(half)["secrets"]

    for service in own_services(half).values():
        files = {name: path for name, path in service["environment"].items() if name.endswith(FILE_SUFFIX)}
        inline = secret_variables(half) & service["environment"].keys()
        assert inline <= {"RELAY_REDIS_URL"}, "an address may stand in the file as long as it holds no password"
        assert all("@" not in service["environment"][name] for name in inline)
        assert {name.removesuffix(FILE_SUFFIX) for name in files} <= secret_variables(half)
        assert sorted(files.values()) == sorted(f"/run/secrets/{name}" for name in service["secrets"])
        assert all(declared[name] == {"file": f"secrets/{name}"} for name in service["secrets"])
    assert "secrets/" in (DEPLOY / ".gitignore").read_text().splitlines()


@both_halves
def test_what_compose_sets_and_an_operator_fills_in_loads_together(half: Half, tmp_path: Path) -> None:
    for name in compose(half)["secrets"]:
        (tmp_path / name).write_text(half.filled[f"{half.name}_{name}".upper()] + "\n")
    for service in own_services(half).values():
        fixed = {name: value.replace("/run/secrets", str(tmp_path)) for name, value in service["environment"].items()}
        by_hand = {name: value for name, value in half.filled.items() if name + FILE_SUFFIX not in fixed}
        copied = {each.variable: each.value for each in examples(half) if not each.commented_out}
        settings = half.load(copied | by_hand | fixed)
        assert not set(half.filled) - {half.settings.variable(name) for name in settings.model_fields_set}


@both_halves
def test_compose_keeps_data_in_a_volume_publishes_to_this_machine_only_and_lets_a_service_finish(half: Half) -> None:
    file = compose(half)
    for service in own_services(half).values():
        [volume] = service["volumes"]
        source, _, target = volume.partition(":")
        assert source in file["volumes"]
        assert target == service["environment"][half.settings.variable("data_dir")]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert seconds(service["stop_grace_period"]) > half.stop_s
        assert service["restart"] == "unless-stopped"
        context = half.folder / service["build"]["context"]
        assert (context / service["build"]["dockerfile"]).samefile(half.folder / "Dockerfile")
        assert "healthcheck" not in service  # each answers where the image's own asks


def test_a_web_process_that_is_asked_to_end_is_done_before_its_parent_kills_it() -> None:
    assert REQUESTS_AND_BATCHES_S < WEB_PROCESSES_S


@both_halves
def test_a_unit_gives_the_half_its_settings_its_folder_and_time_to_stop(half: Half, tmp_path: Path) -> None:
    directives = unit(half)
    environ = {}
    for assignment in directives["Environment"]:
        name, _, value = assignment.partition("=")
        environ[name] = value.replace("%S", "/var/lib").replace("%d", str(tmp_path))
    for credential in directives.get("LoadCredential", []):
        file, _, _ = credential.partition(":")
        variable = half.settings.variable(file.replace("-", "_"))
        (tmp_path / file).write_text(half.filled[variable] + "\n")
        assert environ[variable + FILE_SUFFIX] == str(tmp_path / file)
    by_hand = {name: value for name, value in half.filled.items() if name + FILE_SUFFIX not in environ}
    settings = half.load(environ | by_hand)

    assert str(settings.model_dump()["data_dir"]) == f"/var/lib/{directives['StateDirectory'][0]}"
    assert seconds(directives["TimeoutStopSec"][0]) > half.run_stop_s
    assert directives["RestartPreventExitStatus"] == [str(SettingsError.exit_code)]


@both_halves
def test_a_unit_starts_again_forever_ends_in_order_and_may_touch_little(half: Half) -> None:
    directives = unit(half)
    expected = {
        "Restart": "always",
        "StartLimitIntervalSec": "0",
        "KillMode": "mixed",
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
    }

    assert {name: directives[name] for name in expected} == {name: [value] for name, value in expected.items()}


@both_halves
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")
def test_systemd_finds_nothing_wrong_with_a_unit(half: Half, tmp_path: Path) -> None:
    text = (half.folder / f"{half.name}.service").read_text()
    copy = tmp_path / f"{half.name}.service"
    copy.write_text(text.replace(f"/opt/social-relay/bin/{half.name} ", f"{sys.executable} "))
    verify = ["systemd-analyze", "verify", "--man=no", str(copy)]
    found = subprocess.run(verify, capture_output=True, text=True, check=False)

    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("half", "taken"),
    [pytest.param(RELAY, MAX_BODY_BYTES, id="relay"), pytest.param(ONSITE, MAX_BATCH_BYTES, id="site")],
)
def test_nginx_lets_through_whatever_the_half_behind_it_takes(half: Half, taken: int) -> None:
    example = (half.folder / "nginx.conf.example").read_text()
    [mebibytes] = re.findall(r"client_max_body_size (\d+)m;", example)  # without a word, nginx would stop at 1

    assert int(mebibytes) * 1024 * 1024 >= taken


def pinned() -> dict[NormalizedName, Version]:
    lines = (DEPLOY / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def needed(requirements: list[str], extras: frozenset[str] = frozenset()) -> Iterator[Requirement]:
    """List what of the requirements holds on this machine."""
    for text in requirements:
        requirement = Requirement(text)
        markers = [{"extra": extra} for extra in extras or {""}]
        if requirement.marker is None or any(requirement.marker.evaluate(each) for each in markers):
            yield requirement


def test_the_pinned_versions_are_plain_and_fit_everything_that_is_needed() -> None:
    versions = pinned()
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    direct = [*project["dependencies"], *extras["relay"], *extras["onsite"], *PROJECT["dependency-groups"]["dev"]]
    open_, seen = list(needed(direct)), set()
    while open_:
        requirement = open_.pop()
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not pinned: run deploy/refresh-constraints.sh"
        assert requirement.specifier.contains(versions[name], prereleases=True), requirement
        if (name, frozenset(requirement.extras)) not in seen:
            seen.add((name, frozenset(requirement.extras)))
            open_ += needed(metadata.requires(name) or [], frozenset(requirement.extras))


def test_the_deployment_manual_names_every_file_of_deploy_and_no_other() -> None:
    manual = (ROOT / "docs" / "deployment.md").read_text()
    # An operator's own `.env` and secrets may lie here; the other two serve the image and the checkout.
    unnamed = {".env", ".gitignore", "healthcheck.py", "Dockerfile.dockerignore"}
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and "secrets" not in path.parts]
    expected = {str(path.relative_to(ROOT)) for path in files if path.name not in unnamed}

    named = set(re.findall(r"\bdeploy/[\w./-]*\w", manual))

    assert {path for path in named if not (ROOT / path).is_dir()} == expected
