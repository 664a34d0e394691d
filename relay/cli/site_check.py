"""`relay site check`: whether the relay reaches a site, tried now."""

from urllib.parse import quote

import typer

from relay.cli.context import AsJson, DataDir, Url, admin_api
from relay.cli.site import Name


def check(name: Name, data_dir: DataDir = None, relay_url: Url = None, *, as_json: AsJson = False) -> None:
    """Try whether the relay reaches a site, now.

    The relay makes one signed push without any event to the site's registered address, as it makes every delivery, and
    says what came of it within 8 seconds. Nothing changes: what waits stays, a parked or paused site stays so.

    Ends with 0 when the site took it, with 1 otherwise.

    Example:  relay site check acme
    """
    from relay.core.checks.site import judge_delivery, judge_trial
    from shared.check_report import print_report
    from shared.console import print_json

    api, path = admin_api(data_dir, relay_url), f"/admin/v1/sites/{quote(name, safe='')}"
    trial = api.post(f"{path}/check", {})
    reach = judge_trial(trial)
    if as_json:
        print_json(trial | {"remedy": reach.remedy})
    else:
        print_report([reach, judge_delivery(name, api.get(path)["delivery"], reached=trial["reached"])])
    if not trial["reached"]:
        raise typer.Exit(1)
