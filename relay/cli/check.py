"""`relay check`: whether everything is as it should be, and what to do where it is not.

What asks takes half a second of processor time to import, and the settings a quarter: that is done where it runs.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from relay.cli.context import AsJson, DataDir, Url
from shared.check_report import print_report
from shared.checks import Check, all_well, failed, report_json, skipped
from shared.console import print_json
from shared.errors import SettingsError

Fix = Annotated[
    bool,
    typer.Option(
        "--fix", help="Subscribe the Facebook app to what this relay needs, at its public address; then check again."
    ),
]

MEND = "set it in the environment or in the file .env of this folder; deploy/relay/.env.example names all settings"


def check(data_dir: DataDir = None, relay_url: Url = None, *, fix: Fix = False, as_json: AsJson = False) -> None:
    """Check everything, and say what to do.

    That is: settings, Facebook app, public address, Redis, and the running relay.

    Each line says what was found and, where something is wrong, what to do. It changes nothing without --fix, and may
    be run at any time, beside a running relay or before its first start.

    Ends with 0 when nothing failed, with 1 otherwise; a warning is no failure.

    \b
    Examples:
      relay check          look
      relay check --fix    have Facebook post to this relay
      relay check --json   for a monitoring program
    """
    from shared.logs import configure_logs

    configure_logs(level="ERROR")  # what is found is said below
    lines = _look(data_dir, relay_url, fix=fix, shows=not as_json)
    if as_json:
        print_json(report_json(lines))
    else:
        print_report(lines)
    if not all_well(lines):
        raise typer.Exit(1)


def _look(data_dir: Path | None, relay_url: str | None, *, fix: bool, shows: bool) -> list[Check]:
    from relay.bootstrap import check as parts
    from relay.core.settings import RelaySettings
    from shared.runtime import run_async
    from shared.settings import load_settings

    flags: dict[str, Any] = {"data_dir": data_dir, "admin_url": relay_url}
    try:
        settings = load_settings(RelaySettings, **flags)
    except SettingsError as error:
        return [*_problems(error), *_look_without_settings(flags)]
    lines = run_async(parts.check(settings, hidden=not shows))
    if not fix or not parts.needs_fix(lines):
        return lines
    fixed = run_async(parts.fix(settings))
    return [*run_async(parts.check(settings, hidden=not shows)), fixed]


def _problems(error: SettingsError) -> list[Check]:
    return [failed("settings", problem, MEND) for problem in error.problems]


def _look_without_settings(flags: dict[str, Any]) -> list[Check]:
    """Look at what needs none of the relay's own settings; theirs may be wrong as well, and are told of already."""
    from relay.bootstrap import check as parts
    from relay.core.settings import CommandSettings
    from shared.runtime import run_async
    from shared.settings import load_settings

    rest = skipped("app, public address, Redis", "not looked at before the settings are right")
    try:
        settings = load_settings(CommandSettings, **flags)
    except SettingsError:
        return [rest]
    return [rest, *run_async(parts.check_running(settings))]
