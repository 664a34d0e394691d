"""Runs `python -m onsite …` as its users do: as a process, with its own environment, input, output and exit code."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEADLINE_S = 30.0


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)


async def start_onsite(*args: str, env: Mapping[str, str], cwd: str | None = None) -> asyncio.subprocess.Process:
    """Start a command; nothing of the developer's own settings gets in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ONSITE_", "RELAY_"))}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "onsite", *args),
        env=kept | {"PYTHONPATH": os.getcwd(), "COLUMNS": "200"} | dict(env),  # noqa: PTH109  not resolved on purpose
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run_onsite(*args: str, env: Mapping[str, str], stdin: str = "", cwd: str | None = None) -> Ended:
    """Run a command to its end."""
    process = await start_onsite(*args, env=env, cwd=cwd)
    async with asyncio.timeout(DEADLINE_S):
        out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
