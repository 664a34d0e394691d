"""A site's end in a real Redis: nothing of it is left for another one of its name, wherever the end was interrupted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_connect_sessions import RedisConnectSessions
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_removal import RedisRemoval
from relay.adapters.redis_secret_uses import RedisSecretUses
from relay.adapters.redis_sites import RedisSites
from relay.adapters.replies import text
from relay.adapters.rq_probes import RqSchedule, open_schedule
from relay.core import keys
from relay.core.connecting.session import Session
from relay.core.errors import FacebookRefused, NameRests, SiteInUse, SiteLeaves, SiteNotFound, StoreUnavailable
from relay.core.outbox import BatchLimits
from relay.core.page import ConnectedPage, TokenOwner
from relay.core.site import Site
from relay.core.webhook import Incoming
from relay.engine.page_connection import PageConnection
from relay.engine.ports import Acknowledged, Batch, Step
from relay.engine.rebinding import Rebinding
from relay.engine.site_removal import PAGES_AT_ONCE, Erased, SiteRemoval
from shared.errors import UserError
from shared.site_secret import new_site_secret
from shared.vault import Vault, new_master_key
from tests.support.clock import NOON, ManualClock
from tests.support.rebinding import redis_rebinding

LIMITS = BatchLimits(10, 100_000)


class FakeGraph:
    """Meta, as far as an end goes."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.dead_of: str = ""

    def proof_of(self, token: SecretStr) -> SecretStr:
        return token

    async def owner_of(self, token: SecretStr) -> TokenOwner:
        return TokenOwner(token.get_secret_value(), "Acme")

    async def subscribe(self, page_id: str, token: SecretStr) -> None:
        pass

    async def unsubscribe(self, page_id: str, _token: SecretStr) -> None:
        if page_id == self.dead_of:
            raise FacebookRefused("the session has expired")
        self.ended.append(page_id)


class Bench:
    """A site whose secret rotates, with a page, what waits, a login under way and a probe; and another site."""

    def __init__(self, redis: Redis, schedule: RqSchedule) -> None:
        self.redis, self.schedule = redis, schedule
        vault = Vault([new_master_key()])
        self.graph, self.pages = FakeGraph(), RedisPages(redis, vault)
        self.sites = RedisSites(redis, vault)
        self.hasty = RedisSites(redis, vault, name_rests_s=0)
        self.appender, self.drain = RedisAppender(redis, clock=ManualClock()), RedisDrain(redis, clock=ManualClock())
        self.sessions = RedisConnectSessions(redis, vault)
        self.rebinding: Rebinding = redis_rebinding(redis, self.sites)
        self.connection = PageConnection(
            self.graph, self.pages, self.rebinding, find_site=self.sites.get, append=self.append, clock=ManualClock()
        )
        self.store = RedisRemoval(redis, self.pages, self.sessions)
        self.removal = SiteRemoval(self.store, self.connection, schedule, clock=ManualClock())

    async def append(self, outbox: str, events: Sequence[Incoming]) -> Sequence[int]:
        answer = (await self.appender.append({outbox: events}, token="append"))[outbox]
        assert not isinstance(answer, StoreUnavailable)
        return answer.refused

    async def add(self, name: str, *, sites: RedisSites | None = None) -> Site:
        site = Site(name, f"https://{name}.example", (new_site_secret(),), 1)
        await (sites or self.sites).add(site)
        return site

    async def fill(self) -> None:
        await self.add("acme")
        await self.add("beta")
        for page, site in (("1", "acme"), ("2", "beta")):
            await self.connection.connect(page, site, SecretStr(page))
            await self.redis.delete(keys.lease(site))
            await self.append(site, [Incoming(page, "messaging", b"{}")])
            await RedisSecretUses(self.redis).note(site, b"token")
            await self.sessions.add(f"of {site}", Session(site, "", 1), ttl_ms=60_000)
            await self.schedule.probe_at(site, at_ms=round(NOON * 1000), attempt=1)
        await self.redis.xadd(keys.dead("acme"), {"p": "1", "k": "messaging", "d": "{}"})

    async def left_of(self, site: str) -> set[str]:
        """Name every key of ours, and every field of one, that names a site."""
        found: set[str] = set()
        for key in [text(each) async for each in self.redis.scan_iter("relay:*")]:
            if f"{{{site}}}" in key:
                found.add(key)
            kind = text(await self.redis.type(key))
            if kind == "hash" and await self.redis.hexists(key, site):
                found.add(f"{key} {site}")
            if kind == "hash" and any(site in text(value) for value in await self.redis.hvals(key)):
                found.add(key)
            if kind == "zset" and await self.redis.zscore(key, site) is not None:
                found.add(f"{key} {site}")
            if kind == "string" and f'"{site}"'.encode() in (await self.redis.get(key) or b""):
                found.add(key)
        return found


STAYS = {"relay:{acme}:fenced", "relay:{acme}:gates", f"{keys.REMOVED} acme"}


@pytest.fixture
async def bench(redis: Redis, redis_url: str) -> AsyncIterator[Bench]:
    async with open_schedule(redis_url) as schedule:
        bench = Bench(redis, schedule)
        await bench.fill()
        yield bench


async def test_of_a_removed_site_fences_and_gates_stay_alone_and_the_other_site_is_untouched(bench: Bench) -> None:
    before = await bench.left_of("beta")
    removed = await bench.removal.remove("acme", force=True)

    assert (removed.still_subscribed, removed.pages_left) == ({"1": ""}, 0)
    assert removed.erased == Erased(waiting=2, dead_letters=1)
    assert await bench.left_of("acme") == STAYS
    assert await bench.left_of("beta") == before
    assert bench.graph.ended == ["1"]
    assert await bench.pages.find("1") is None
    jobs = [key async for key in bench.redis.scan_iter("rq:job:*")]
    assert [b"beta" in job for job in jobs] == [True]


@pytest.mark.parametrize(
    ("empty", "word"),
    [
        pytest.param([], "`relay unbind PAGE`", id="pages"),
        pytest.param(["page"], "`relay outbox show acme`", id="what waits"),
        pytest.param(["page", keys.outbox("acme")], "`relay outbox show acme --dead`", id="dead letters"),
    ],
)
async def test_unforced_it_names_what_keeps_it_and_the_command_that_helps(
    bench: Bench, empty: list[str], word: str
) -> None:
    for what in empty:
        if what == "page":
            await bench.connection.disconnect("1", reason="")
        else:
            await bench.redis.delete(what)
    before = await bench.redis.hget(keys.SITES, "acme")

    with pytest.raises(SiteInUse, match="--force") as refused:
        await bench.removal.remove("acme")

    assert word in str(refused.value)
    assert await bench.redis.hget(keys.SITES, "acme") == before


async def test_an_unused_site_is_removed_unforced_and_one_that_is_not_there_is_said_to_be(bench: Bench) -> None:
    await bench.add("idle")

    assert (await bench.removal.remove("idle")).erased == Erased(0, 0)
    with pytest.raises(SiteNotFound):
        await bench.removal.remove("idle")


async def test_a_page_that_is_bound_between_look_and_mark_saves_an_unforced_site(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.add("idle")
    mark = bench.store.mark

    async def bind_and_mark(site: str, *, since_ms: int | None) -> None:
        if since_ms is not None:
            await bench.rebinding.bind("7", "idle")
        await mark(site, since_ms=since_ms)

    monkeypatch.setattr(bench.store, "mark", bind_and_mark)

    with pytest.raises(SiteInUse):
        await bench.removal.remove("idle")
    assert (await bench.sites.get("idle")).name == "idle"


async def test_a_change_that_names_the_site_is_waited_for(bench: Bench) -> None:
    await bench.redis.hset(keys.CHANGES, "9", "99999999999999 token move acme>beta 7")

    with pytest.raises(UserError, match="page 9 of site acme is just being changed"):
        await bench.removal.remove("acme", force=True)
    await bench.redis.hdel(keys.CHANGES, "9")

    assert (await bench.removal.remove("acme", force=True)).pages_left == 0


async def test_a_site_that_is_being_removed_is_there_for_nobody_else(bench: Bench) -> None:
    await bench.store.mark("acme", since_ms=1)

    with pytest.raises(SiteLeaves, match="--force"):
        await bench.sites.get("acme")
    with pytest.raises(SiteLeaves):
        await bench.sites.change_address("acme", lambda site: site)
    with pytest.raises(SiteNotFound):
        await bench.rebinding.bind("7", "acme")
    assert await bench.sites.find(["acme", "beta"]) == {"beta": await bench.sites.get("beta")}
    assert [site.name for site in await bench.sites.all()] == ["acme", "beta"], "an operator must see it"


async def test_a_site_with_many_pages_ends_in_bounded_steps(bench: Bench) -> None:
    for number in range(10, 10 + PAGES_AT_ONCE):
        await bench.rebinding.bind(str(number), "acme")

    first = await bench.removal.remove("acme", force=True)
    second = await bench.removal.remove("acme", force=True)

    assert (len(first.still_subscribed), first.pages_left) == (PAGES_AT_ONCE, 1)
    assert (len(second.still_subscribed), second.pages_left) == (1, 0)


async def test_a_dead_token_keeps_nobody_from_removing_and_is_told(bench: Bench) -> None:
    bench.graph.dead_of = "1"

    removed = await bench.removal.remove("acme", force=True)

    assert removed.still_subscribed == {"1": "the session has expired"}
    assert await bench.left_of("acme") == STAYS


async def test_a_page_whose_record_names_the_site_though_another_has_it_is_left_alone(bench: Bench) -> None:
    await bench.pages.save(ConnectedPage("2", "acme", "", SecretStr("2"), 1))

    await bench.removal.remove("acme", force=True)

    assert (await RedisBindings(bench.redis).owners(["2"])) == {"2": "beta"}
    assert bench.graph.ended == ["1"]


async def test_a_site_whose_secrets_no_key_opens_can_be_removed(bench: Bench) -> None:
    record = json.loads(await bench.redis.hget(keys.SITES, "acme") or b"")
    await bench.redis.hset(keys.SITES, "acme", json.dumps(record | {"sealed_secrets": ["gAAAAA"]}))

    assert (await bench.removal.remove("acme", force=True)).pages_left == 0


async def test_a_drain_under_way_settles_nothing_any_more(bench: Bench) -> None:
    await bench.redis.delete(keys.lease("acme"))
    assert await bench.drain.claim("acme", token="mine")
    batch = await bench.drain.next_batch("acme", token="mine", done=None, limits=LIMITS)
    assert isinstance(batch, Batch)

    await bench.removal.remove("acme", force=True)

    done = Acknowledged(batch.entries)
    assert await bench.drain.next_batch("acme", token="mine", done=done, limits=LIMITS) is Step.STALE
    assert await bench.drain.extend("acme", token="mine") is Step.STALE
    assert await bench.drain.park("acme", token="mine", wait_s=1, reason="") is Step.STALE
    assert await bench.left_of("acme") == STAYS


async def test_the_name_rests_for_a_while_and_then_gets_nothing_of_the_old_one(bench: Bench) -> None:
    await bench.removal.remove("acme", force=True)

    with pytest.raises(NameRests, match="add it in 60 s"):
        await bench.add("acme")
    new = await bench.add("acme", sites=bench.hasty)

    assert await bench.hasty.get("acme") == new
    assert await bench.append("acme", [Incoming("1", "messaging", b"{}")]) == [0], "who remembers the old binding"
    assert await bench.redis.xlen(keys.outbox("acme")) == 0
    assert await bench.rebinding.bind("1", "acme") == 0
    assert await bench.append("acme", [Incoming("1", "messaging", b"{}")]) == []


STEPS = ["mark", "pause", "erase", "cancel", "end"]


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("step", [*STEPS, "abandon"])
async def test_whoever_dies_at_a_step_the_same_command_finishes_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    owner = next(each for each in (bench.store, bench.schedule, bench.connection) if hasattr(each, step))
    real: Callable[..., Awaitable[object]] = getattr(owner, step)

    async def dying(*args: object, **options: object) -> None:
        if after:
            await real(*args, **options)
        raise asyncio.CancelledError

    monkeypatch.setattr(owner, step, dying)
    with pytest.raises(asyncio.CancelledError):
        await bench.removal.remove("acme", force=True)
    monkeypatch.undo()
    if step == "end" and after:
        with pytest.raises(SiteNotFound):
            await bench.removal.remove("acme", force=True)
    else:
        await bench.removal.remove("acme", force=True)

    assert await bench.left_of("acme") == STAYS
