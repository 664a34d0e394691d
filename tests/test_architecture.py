"""Imports flow one way. The contracts stand in pyproject.toml; here they are checked, and so is the checker."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
HALVES, SHARED, LAYERS, PURE, PORTS = CONTRACTS

LINT = """
import json
from importlinter import configuration
from importlinter.application import use_cases
configuration.configure()
options = use_cases.read_user_options("pyproject.toml")
use_cases._register_contract_types(options)
report = use_cases.create_report(options, cache_dir=None)
print()
print(json.dumps({contract.name: check.kept for contract, check in report.get_contracts_and_checks()}))
"""


def lint(root: Path) -> dict[str, bool]:
    """Check the packages below `root`; returns which contracts are kept. In a process of its own: it imports them."""
    ended = subprocess.run(
        [sys.executable, "-c", LINT],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    kept: dict[str, bool] = json.loads(ended.stdout.splitlines()[-1])
    return kept


@pytest.fixture(scope="module")
def kept() -> dict[str, bool]:
    return lint(ROOT)


@pytest.mark.xdist_group("one look for all contracts")
@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_is_kept(kept: dict[str, bool], contract: str) -> None:
    assert kept[contract]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the packages and their contracts to where they may be broken."""
    for package in ("relay", "onsite", "shared"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "line", "broken"),
    [
        pytest.param("relay/core/site.py", "import onsite.core.model", HALVES, id="a half imports the other"),
        pytest.param("onsite/core/model.py", "import relay.core.site", HALVES, id="the other imports the first"),
        pytest.param("shared/names.py", "import relay.core.site", SHARED, id="shared imports a half"),
        pytest.param("relay/core/site.py", "import relay.engine.ports", LAYERS, id="the core imports a use case"),
        pytest.param("relay/engine/drain.py", "import relay.adapters.push", LAYERS, id="a use case imports an adapter"),
        pytest.param("relay/adapters/push.py", "import relay.web.app", LAYERS, id="an adapter imports the web"),
        pytest.param("relay/web/app.py", "import relay.bootstrap.parts", LAYERS, id="the web builds real things"),
        pytest.param("relay/core/site.py", "import aiohttp", PURE, id="the core imports an HTTP library"),
        pytest.param("relay/core/site.py", "import asyncio", PURE, id="the core waits"),
        pytest.param("relay/engine/drain.py", "from redis.asyncio import Redis", PORTS, id="a use case talks to Redis"),
    ],
)
def test_the_checker_sees_a_contract_broken(copy: Path, path: str, line: str, broken: str) -> None:
    source = copy / path
    source.write_text(f"{line}\n{source.read_text()}")

    assert not lint(copy)[broken]
