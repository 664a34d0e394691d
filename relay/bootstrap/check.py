"""What `relay check` looks at, and with what: every question of its own, all side by side, each for a bounded time."""

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

import aiohttp

from relay.adapters import redis_clients
from relay.adapters.admin_questions import ask_relay
from relay.adapters.app_questions import AppQuestions
from relay.adapters.embedded_redis import EmbeddedRedis, find_redis_server
from relay.adapters.public_address import ask_publicly
from relay.adapters.redis_facts import facts_behind
from relay.adapters.redis_sites import RedisSites
from relay.core.checks import app, public_address, redis, running
from relay.core.errors import StoreUnavailable
from relay.core.settings import CommandSettings, RelaySettings
from shared.checks import Check, Outcome, failed, passed, skipped
from shared.errors import UserError
from shared.exchange import new_platform_session
from shared.local_keys import load_if_there
from shared.questions import Question, ask_all
from shared.releases import own_version
from shared.vault import Vault, read_keys

MASTER_KEY = "master key"
_RIGHT_KEY = "take the master key with which this Redis was filled; a backup of the relay's data folder has it"
_INSTALL = "install a redis-server, or name a running one in RELAY_REDIS_URL"


async def check(settings: RelaySettings, *, hidden: bool) -> list[Check]:
    """Look at everything; a bar shows meanwhile unless `hidden`."""
    async with new_platform_session() as http:
        lines = await ask_all(_questions(settings, http), hidden=hidden)
    given = passed("settings", "every one can be used")
    return [given, public_address.judge_setting(settings.public_url), *lines]


async def check_running(settings: CommandSettings) -> list[Check]:
    """Look at the running relay alone: all that can be done where its own settings are wrong."""
    async with new_platform_session() as http:
        return await ask_all([_running(settings, http)])


async def fix(settings: RelaySettings) -> Check:
    """Subscribe the app to what this relay wants, at this relay's public address."""
    setting = public_address.judge_setting(settings.public_url)
    if setting.outcome is Outcome.FAILED:
        return failed("fix", f"{setting.name}: {setting.words}", setting.remedy)
    async with new_platform_session() as http:
        ask = partial(_app(settings, http).fix, settings.public_url, settings.facebook_verify_token)

        async def once() -> list[Check]:
            return [await ask()]

        (line,) = await ask_all([Question("fix", once, app.WAY_OUT)])
    return line


def needs_fix(checks: Sequence[Check]) -> bool:
    """Whether the app's subscription is not as it should be."""
    return any(each.name == app.SUBSCRIPTION and each.outcome is Outcome.FAILED for each in checks)


def _questions(settings: RelaySettings, http: aiohttp.ClientSession) -> list[Question]:
    about_app = _app(settings, http)
    return [
        Question(app.CREDENTIALS, partial(about_app.look, settings.public_url), app.WAY_OUT),
        Question("clock", about_app.look_at_clock, app.WAY_OUT),
        _public(settings, http),
        Question("Redis", partial(_look_at_redis, settings), redis.AWAY),
        *_rq(settings),
        _running(settings, http),
    ]


def _app(settings: RelaySettings, http: aiohttp.ClientSession) -> AppQuestions:
    return AppQuestions(
        http, app_id=settings.facebook_app_id, secret=settings.facebook_app_secret, base_url=settings.graph_url
    )


def _public(settings: RelaySettings, http: aiohttp.ClientSession) -> Question:
    async def look() -> list[Check]:
        if public_address.judge_setting(settings.public_url).outcome is Outcome.FAILED:
            return [skipped(public_address.CHALLENGE, "needs RELAY_PUBLIC_URL")]
        return await ask_publicly(http, settings.public_url, settings.facebook_verify_token)

    return Question(public_address.CHALLENGE, look, public_address.PROXY)


async def _look_at_redis(settings: RelaySettings) -> list[Check]:
    """Look at the named Redis, or at the relay's own while that runs. Raises UserError."""
    url = settings.redis_address
    if not url:
        own = EmbeddedRedis(settings.data_dir / "redis")
        if not own.is_there:
            return [_judge_own(), skipped(MASTER_KEY, "needs Redis")]
        url = own.url
    try:
        servers = await facts_behind(url)
        return [
            *redis.judge_servers(servers, wait_replicas=settings.redis_wait_replicas),
            await _look_at_key(settings, url),
        ]
    except StoreUnavailable as error:
        return [failed("Redis", f"cannot be used: {error}", redis.AWAY)]


def _judge_own() -> Check:
    """Say whether the relay could run a Redis of its own: nobody started it yet."""
    try:
        return skipped("Redis", f"the relay's own, {find_redis_server()}, is started with the relay")
    except UserError as error:
        return failed("Redis", str(error), _INSTALL)


async def _look_at_key(settings: RelaySettings, url: str) -> Check:
    """Try the master key on what Redis holds. Raises StoreUnavailable."""
    key = settings.master_key or load_if_there(settings.master_key_file)
    if key is None:
        return skipped(MASTER_KEY, "none is set; the relay makes one in its data folder at its first start")
    vault = Vault(read_keys(key, source=settings.master_key_source))
    async with aclosing(redis_clients.open_async(url)) as client:
        try:
            await RedisSites(client, vault).check_key()
        except StoreUnavailable:
            raise
        except UserError as error:
            return failed(MASTER_KEY, str(error), _RIGHT_KEY)
    return passed(MASTER_KEY, "opens what this Redis holds")


def _rq(settings: RelaySettings) -> list[Question]:
    """Look at RQ's Redis where it has one of its own."""
    if not settings.rq_redis_address:
        return []

    async def look() -> list[Check]:
        try:
            return [redis.judge_version("RQ's Redis", await facts_behind(settings.rq_redis_address))]
        except StoreUnavailable as error:
            return [failed("RQ's Redis", f"cannot be used: {error}", redis.AWAY)]

    return [Question("RQ's Redis", look, redis.AWAY)]


def _running(settings: CommandSettings, http: aiohttp.ClientSession) -> Question:
    async def look() -> list[Check]:
        token = settings.admin_token or load_if_there(settings.admin_token_file)
        if token is None:
            return [failed(running.RELAY, f"{settings.admin_token_file} does not exist", running.RIGHT_FOLDER)]
        return await ask_relay(http, settings.commands_url, token, version=own_version())

    return Question(running.RELAY, look, running.START)
