"""Whether the relay reaches a site, as either side's admin asks it: tried now, over the way of every delivery."""

import json

import pytest

from shared.site_secret import new_site_secret
from tests.e2e.conftest import NewSite
from tests.world.process import CommandFailed, Server

pytestmark = pytest.mark.timeout(180)

LINE = "reached by the relay"


async def checked(site: Server) -> tuple[str, str]:
    """Return outcome and words of the line of `onsite check` that says whether the relay reaches the site."""
    try:
        report = await site.command("check")
    except CommandFailed as ended:
        report = json.loads(ended.output)
    (found,) = [(line["outcome"], line["words"]) for line in report["checks"] if line["name"] == LINE]
    return found


async def test_both_admins_see_that_the_relay_reaches_the_site_and_why_it_does_not(
    relay: Server, new_site_at: NewSite
) -> None:
    site = await new_site_at("acme")
    assert await checked(site) == ("skipped", "not tried, as this site does not run")
    with pytest.raises(CommandFailed, match='"code": "no_connection"') as ended:
        await relay.command("site", "check", "acme")
    assert ended.value.code == 1

    await site.start()
    assert (await relay.command("site", "check", "acme"))["reached"] is True
    outcome, words = await checked(site)
    assert (outcome, f"its push to {site.base_url}/relay/events arrived" in words) == ("passed", True)

    await site.stop()
    right = site.env["ONSITE_RELAY_SECRET"]
    site.env["ONSITE_RELAY_SECRET"] = new_site_secret().get_secret_value()
    await site.start()
    with pytest.raises(CommandFailed, match='"code": "signature_refused"'):
        await relay.command("site", "check", "acme")
    assert await checked(site) == ("skipped", "not tried, as the relay cannot be asked")
    site.env["ONSITE_RELAY_SECRET"] = right


async def test_a_site_whose_registered_address_is_another_learns_which_one_the_relay_tries(
    relay: Server, new_site_at: NewSite
) -> None:
    site = await new_site_at("acme")
    await site.start()
    await relay.command("site", "change", "acme", "--to", "http://127.0.0.1:9")
    outcome, words = await checked(site)

    assert outcome == "failed"
    assert words.startswith("it tried http://127.0.0.1:9/relay/events: 127.0.0.1:9 does not take connections")
