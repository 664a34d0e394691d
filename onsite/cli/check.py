"""`onsite check`: whether everything is as it should be, and what to do where it is not.

What asks takes more than a second of processor time to import, and the settings a quarter: that is done where it runs.
"""

import typer

from onsite.cli.context import AsJson, DataDir
from shared.check_report import print_report
from shared.checks import all_well, failed, report_json
from shared.console import print_json
from shared.errors import SettingsError

MEND = "set it in the environment or in the file .env of this folder; deploy/onsite/.env.example names all settings"


def check(data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """Check everything, and say what to do.

    That is: settings, data folder, disks, database, master key, the running site, the relay and whether it reaches this
    site (it tries now), Facebook and Telegram with each channel's token, and this machine's clock. It changes nothing,
    and may be run beside a running site or before its first start.

    Ends with 0 when nothing failed, with 1 otherwise; a warning is no failure.
    """
    from onsite.bootstrap.check import check as look
    from onsite.core.settings import OnsiteSettings
    from shared.logs import configure_logs
    from shared.runtime import run_async
    from shared.settings import load_settings

    configure_logs(level="ERROR")  # what is found is said below
    try:
        lines = run_async(look(load_settings(OnsiteSettings, data_dir=data_dir), hidden=as_json))
    except SettingsError as error:
        lines = [failed("settings", problem, MEND) for problem in error.problems]
    if as_json:
        print_json(report_json(lines))
    else:
        print_report(lines)
    if not all_well(lines):
        raise typer.Exit(1)
