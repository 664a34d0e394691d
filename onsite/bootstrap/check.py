"""What `onsite check` looks at, and with what: every question of its own, side by side, each for a bounded time."""

import time
from functools import partial

import aiohttp

from onsite.adapters.relay_client import RelayClient
from onsite.bootstrap.check_database import look_into
from onsite.bootstrap.check_machine import look_at_folder, look_at_room
from onsite.core import checks, machine_checks, relay_answers
from onsite.core.settings import OnsiteSettings
from shared.checks import Check, failed, passed, skipped
from shared.clock_check import ahead_of, judge_clock
from shared.exchange import CONNECT_TIMEOUT_S, NoAnswer, NotSent, exchange_full, new_platform_session
from shared.questions import Question, ask_all
from shared.releases import own_version

TIMEOUT = aiohttp.ClientTimeout(total=10.0, connect=CONNECT_TIMEOUT_S)


async def check(settings: OnsiteSettings, *, hidden: bool) -> list[Check]:
    """Look at everything; a bar shows meanwhile unless `hidden`. Beside a running site or without one."""
    async with new_platform_session() as http:
        questions = [
            Question(machine_checks.FOLDER, partial(look_at_folder, settings), machine_checks.OWN_IT),
            Question(machine_checks.DISK, partial(look_at_room, settings), machine_checks.OWN_IT),
            Question(checks.SITE, partial(_look_at_site, settings, http), checks.START),
            Question(checks.RELAY, partial(_look_at_relay, settings, http), checks.RELAY_WAY),
            Question("Facebook", partial(_reach_facebook, settings, http), checks.RELAY_WAY),
            Question("Telegram", partial(_reach_telegram, settings, http), checks.RELAY_WAY),
            Question(machine_checks.DATABASE, partial(look_into, settings, http), machine_checks.DATABASE_AWAY),
        ]
        return [passed("settings", "every one can be used"), *await ask_all(questions, hidden=hidden)]


async def _look_at_site(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    url = f"http://127.0.0.1:{settings.port}"
    try:
        answer = await exchange_full(http, "GET", f"{url}/readyz", timeout=TIMEOUT)
    except (NotSent, NoAnswer) as trouble:
        return [failed(checks.SITE, f"it does not answer: {trouble}", checks.START)]
    return [checks.judge_site(answer.status, url=url)]


async def _look_at_relay(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    if settings.site is None or settings.relay_secret is None:
        return [skipped(checks.RELAY, "none is set up: Telegram needs none; Facebook does")]
    if settings.relay_url is None:
        return [checks.judge_relay(relay_answers.OFF)]
    address, site, secret = settings.relay_url, settings.site, settings.relay_secret
    relay = RelayClient(http, base_url=address, site=site, secret=secret, timeout=TIMEOUT)
    reading = await relay.look()
    reached = checks.no_way_in(reading, site_runs=await _site_runs(settings, http))
    if reached is None:
        reached = checks.judge_way_in(await relay.check())
    return [checks.judge_relay(reading), reached, *checks.judge_releases(reading.version, own_version())]


async def _site_runs(settings: OnsiteSettings, http: aiohttp.ClientSession) -> bool:
    """Whether there is anything here that the relay could reach; how it is, another line says."""
    trouble, _ = await _reach(http, f"http://127.0.0.1:{settings.port}/readyz")
    return not trouble


async def _reach_facebook(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    trouble, date = await _reach(http, settings.graph_url)
    ahead_s = ahead_of(date, time.time())
    return [
        checks.judge_reached("Facebook", trouble, host="graph.facebook.com"),
        judge_clock(ahead_s, whose="Facebook" if ahead_s is None else "Facebook's"),
    ]


async def _reach_telegram(settings: OnsiteSettings, http: aiohttp.ClientSession) -> list[Check]:
    trouble, _ = await _reach(http, settings.telegram_url)
    return [checks.judge_reached("Telegram", trouble, host="api.telegram.org")]


async def _reach(http: aiohttp.ClientSession, url: str) -> tuple[str, str]:
    """Return why nothing answers, empty where something does; and the date it told. Any answer will do."""
    try:
        answer = await exchange_full(http, "GET", url, timeout=TIMEOUT)
    except (NotSent, NoAnswer) as trouble:
        return str(trouble), ""
    return "", answer.headers.get("Date", "")
