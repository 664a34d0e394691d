"""`onsite check`, run as a process beside a site, and platforms, that really answer."""

import re
from pathlib import Path

import pytest

from onsite.core import checks, machine_checks
from shared.graph import RENEWAL_HINT
from tests.integration.onsite.check.report import Run, lines_of
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, RunningSite
from tests.integration.onsite.store import on_both_databases

BOT = f"bot {BOT_TOKEN.partition(':')[0]}"
PAGE = f"page {PAGE_ID}"


@on_both_databases
@pytest.mark.usefixtures("channels")
async def test_where_everything_is_right_it_ends_with_0_and_prints_no_token(run: Run) -> None:
    ended, shown = await run("--json"), await run()
    outcomes = {name: line["outcome"] for name, line in lines_of(ended).items()}

    assert (ended.code, ended.err, shown.code) == (0, "", 0)
    assert outcomes.pop(checks.RELAY) == "skipped"
    assert outcomes.pop(machine_checks.DISK) in {"passed", "warned"}
    assert set(outcomes.values()) == {"passed"}
    assert {PAGE, BOT, checks.SITE, machine_checks.DATABASE, "Facebook", "Telegram", "clock"} <= set(outcomes)
    assert {machine_checks.FOLDER, machine_checks.MASTER_KEY} <= set(outcomes)
    assert re.search(r"\((wal|postgresql)\)$", lines_of(ended)[machine_checks.DATABASE]["words"])
    assert "\x1b" not in shown.out
    assert not [token for token in (PAGE_TOKEN, BOT_TOKEN) if token in ended.out + shown.out]


@pytest.mark.usefixtures("channels")
async def test_a_dead_page_token_and_a_revoked_bot_fail_with_what_mends_them(run: Run, site: RunningSite) -> None:
    site.graph.kill_token(PAGE_TOKEN)
    site.telegram.revoke_token(BOT_TOKEN)
    ended = await run("--json")
    lines = lines_of(ended)

    assert ended.code == 1
    assert (lines[PAGE]["outcome"], lines[PAGE]["remedy"]) == ("failed", RENEWAL_HINT)
    assert (lines[BOT]["outcome"], lines[BOT]["remedy"]) == ("failed", checks.NEW_TOKEN)


@pytest.mark.usefixtures("channels")
async def test_with_nothing_in_reach_each_line_says_so_without_a_traceback(run: Run) -> None:
    away = "http://127.0.0.1:9"
    relay = {"ONSITE_SITE": "acme", "ONSITE_RELAY_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
    ended = await run(
        "--json",
        ONSITE_GRAPH_URL=away,
        ONSITE_TELEGRAM_URL=away,
        ONSITE_PORT="9",
        ONSITE_RELAY_URL=away,
        **relay,
    )
    lines = lines_of(ended)

    assert (ended.code, ended.err) == (1, "")
    assert {name for name, line in lines.items() if line["outcome"] == "failed"} == {
        *("Facebook", "Telegram", PAGE, BOT, checks.SITE, checks.RELAY)
    }
    assert all(line["remedy"] for line in lines.values() if line["outcome"] == "failed")
    assert relay["ONSITE_RELAY_SECRET"] not in ended.out


async def test_every_wrong_setting_is_a_failed_line(run: Run) -> None:
    ended = await run("--json", ONSITE_SITE="Not A Name", ONSITE_RELAY_URL="ftp://x")
    lines = ended.document["checks"]

    assert ended.code == 1
    assert len(lines) >= 2
    assert {(line["name"], line["outcome"]) for line in lines} == {("settings", "failed")}


async def test_before_the_first_start_nothing_is_made(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    lines = lines_of(await run("--json", ONSITE_DATA_DIR=str(folder)))

    assert lines[machine_checks.DATABASE]["outcome"] == "skipped"
    assert not folder.exists()
