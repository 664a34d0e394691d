"""Asks the running relay's admin API about itself. What an answer means is judged in `core.checks`."""

import aiohttp
from pydantic import SecretStr

from relay.core.checks.pages import judge_pages
from relay.core.checks.running import judge_not_running, judge_running, judge_sites
from shared.checks import Check, Outcome
from shared.exchange import CONNECT_TIMEOUT_S, Answer, NoAnswer, NotSent, get

TIMEOUT = aiohttp.ClientTimeout(total=10.0, connect=CONNECT_TIMEOUT_S)


async def ask_relay(session: aiohttp.ClientSession, url: str, token: SecretStr, *, version: str) -> list[Check]:
    """Look at the relay, and where it answers at its sites and pages."""

    async def ask(path: str) -> Answer:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        return await get(session, f"{url.rstrip('/')}/admin/v1/{path}", headers=headers, timeout=TIMEOUT)

    try:
        found = judge_running(*await ask("health"), version=version)
        if any(each.outcome is Outcome.FAILED for each in found):
            return found
        return [*found, judge_sites(*await ask("status")), judge_pages(*await ask("bindings"))]
    except (NotSent, NoAnswer) as trouble:
        return [judge_not_running(str(trouble))]
