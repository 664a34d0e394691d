"""`onsite check` as a process, beside a site, and platforms, that really answer."""

from pathlib import Path

import pytest

from tests.integration.onsite.check.report import Run
from tests.integration.onsite.command import Ended, run_onsite
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, RunningSite


@pytest.fixture
def environment(site: RunningSite) -> dict[str, str]:
    """Return what the running site was started with."""
    url = site.settings.database_url
    return {
        "ONSITE_DATA_DIR": str(site.settings.data_dir),
        "ONSITE_PORT": site.url.rpartition(":")[2],
        "ONSITE_GRAPH_URL": site.graph.url,
        "ONSITE_TELEGRAM_URL": site.telegram.url,
    } | ({} if url is None else {"ONSITE_DATABASE_URL": url.get_secret_value()})


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Check the site, in a folder without a `.env`."""

    async def run(*args: str, **more: str) -> Ended:
        return await run_onsite("check", *args, env=environment | more, cwd=str(tmp_path))

    return run


@pytest.fixture
async def channels(site: RunningSite) -> None:
    """Have a page and a bot."""
    await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN})
    await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN})
