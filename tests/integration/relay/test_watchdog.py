"""The watchdog against a simulated Graph API and a real Redis: what it finds, mends, tells once, and never forgets."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.graph_audits import GraphAudits
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_pages import RedisPages
from relay.core import keys
from relay.core.audit import BACK_OFF_S, SOON_S
from relay.core.audit_times import CATCH_UP_S, PERIOD_MS
from relay.core.errors import StoreUnavailable
from relay.core.lease import new_token
from relay.core.page import FIELDS, ConnectedPage
from relay.engine.page_news import PageNews
from relay.engine.watchdog import TICK_S, Watchdog
from relay.engine.writer import AppendWriter
from shared.exchange import new_platform_session
from shared.vault import Vault, new_master_key
from tests.simulators.graph import GraphSimulator
from tests.simulators.ledger import Call
from tests.support.clock import NOON, ManualClock

PAGE, TOKEN = "1122", "EAApage"
HOUR_S = PERIOD_MS / 1000


class Bench:
    """A watchdog whose clock stands still, over real parts."""

    def __init__(self, redis: Redis, graph: GraphSimulator, session: Any) -> None:
        self.redis, self.graph, self.clock = redis, graph, ManualClock()
        self.leads = True
        self.pages = RedisPages(redis, Vault([new_master_key()]))
        self.store = RedisAudits(redis, self.pages)
        appender = RedisAppender(redis, clock=self.clock)
        self.writer = AppendWriter(appender, new_token=new_token, on_lease=lambda *_: None)
        self._session = session
        self.watchdog = self.new_watchdog()

    def new_watchdog(self) -> Watchdog:
        """Start again: nothing is remembered but what Redis holds."""
        audits = GraphAudits(
            self._session,
            app_id=self.graph.app_id,
            app_secret=SecretStr(self.graph.app_secret),
            base_url=self.graph.url,
        )
        news = PageNews(RedisBindings(self.redis).owners, self.writer.append)
        return Watchdog(self.store, audits, news, is_mine=lambda: self.leads, clock=self.clock)

    async def connect(self, page: str = PAGE, token: str = TOKEN, site: str = "acme") -> None:
        """Keep a page as connecting it does."""
        await self.pages.save(ConnectedPage(page, site, "Acme", SecretStr(token), round(self.clock() * 1000)))
        await self.redis.hset(keys.BINDINGS, page, site)

    async def pass_time(self, seconds: float) -> int:
        """Let the watchdog look as often as it would in that time; returns how many audits there were."""
        audits = 0
        for _ in range(round(seconds / TICK_S)):
            self.clock.advance(TICK_S)
            audits += await self.watchdog.once()
        return audits

    async def told(self, site: str = "acme") -> list[tuple[str, Any]]:
        """Return the relay's own news in a site's outbox."""
        found: Any = await self.redis.xrange(keys.outbox(site))
        return [(fields[b"k"].decode(), json.loads(fields[b"d"])) for _, fields in found]

    async def state(self, page: str = PAGE) -> Any:
        """Return what is known of a page."""
        return (await self.store.of([page])).get(page)

    async def subscribed(self, page: str = PAGE) -> set[str]:
        """Return the fields that Facebook sends of a page."""
        return set(self.graph.world.pages[page].subscribed_fields or ())

    def calls(self, path: str) -> int:
        """Count the calls that Facebook got."""
        return sum(path in call.path for call in self.graph.ledger)


@pytest.fixture
async def bench(redis: Redis) -> AsyncIterator[Bench]:
    async with GraphSimulator() as graph, new_platform_session() as session:
        graph.add_page(PAGE, name="Acme", token=TOKEN, subscribed_fields=FIELDS)
        bench = Bench(redis, graph, session)
        await bench.connect()
        yield bench
        await bench.writer.close()


async def test_a_page_is_audited_every_hour_its_token_every_day_and_nobody_is_told_that_all_is_well(
    bench: Bench,
) -> None:
    audits = await bench.pass_time(25 * HOUR_S)

    assert 24 <= audits <= 25
    assert await bench.told() == []
    assert bench.calls("subscribed_apps") == audits
    assert bench.calls("debug_token") == 2
    state = await bench.state()
    assert (state.subscribed, state.trouble, state.death) == (True, "", None)


async def test_a_page_that_meta_unsubscribed_is_subscribed_again_and_its_site_is_told_the_gap_once(
    bench: Bench,
) -> None:
    await bench.pass_time(2 * HOUR_S)
    good_at_ms = (await bench.state()).good_at_ms
    bench.graph.world.pages[PAGE].subscribed_fields = None
    await bench.pass_time(3 * HOUR_S)

    assert await bench.subscribed() == set(FIELDS)
    ((kind, gap),) = await bench.told()
    assert kind == "page.gap"
    assert gap["reason"] == "Facebook had unsubscribed the app from the page."
    assert datetime.fromisoformat(gap["from"]).timestamp() * 1000 == good_at_ms
    assert datetime.fromisoformat(gap["to"]).timestamp() == pytest.approx(good_at_ms / 1000 + HOUR_S, abs=2 * TICK_S)


async def test_a_missing_field_is_mended_and_no_gap(bench: Bench) -> None:
    page = bench.graph.world.pages[PAGE]
    page.subscribed_fields = tuple(field for field in FIELDS if field != "message_reads")
    await bench.pass_time(2 * HOUR_S)

    assert set(FIELDS) == set(page.subscribed_fields)
    assert await bench.told() == []


@pytest.mark.parametrize(
    ("subcode", "words"),
    [
        (458, "The app was removed in the Facebook account"),
        (459, "sign in at facebook.com first"),
        (460, "The password of the Facebook account was changed"),
        (463, "The page's token has expired"),
        (464, "is not confirmed"),
        (467, "was revoked"),
        (492, "restore the role"),
        (None, "Facebook does not accept the page's token"),
    ],
)
async def test_a_dead_token_is_told_once_with_the_words_of_its_subcode(
    bench: Bench, subcode: int | None, words: str
) -> None:
    bench.graph.kill_token(TOKEN, subcode=subcode)
    await bench.pass_time(3 * HOUR_S)
    bench.watchdog = bench.new_watchdog()
    await bench.pass_time(2 * HOUR_S)

    ((kind, news),) = await bench.told()
    assert (kind, news["code"], news["subcode"]) == ("page.token_invalid", 190, subcode)
    assert words in news["reason"]


async def test_connecting_again_clears_a_death_and_the_next_one_is_told_again(bench: Bench) -> None:
    bench.graph.kill_token(TOKEN)
    await bench.pass_time(2 * HOUR_S)
    again = bench.graph.issue_token(PAGE)
    await bench.connect(token=again)
    await bench.pass_time(2 * HOUR_S)

    assert (await bench.state()).death is None
    assert [kind for kind, _ in await bench.told()] == ["page.token_invalid", "page.gap"]
    bench.graph.kill_token(again, subcode=463)
    await bench.pass_time(2 * HOUR_S)
    assert [kind for kind, _ in await bench.told()] == ["page.token_invalid", "page.gap", "page.token_invalid"]


async def test_an_app_token_that_facebook_refuses_kills_no_page(bench: Bench) -> None:
    bench.graph.refuse("token_invalid", match=lambda call: "debug_token" in call.path, times=None)
    await bench.pass_time(2 * HOUR_S)

    assert await bench.told() == []
    assert "RELAY_FACEBOOK_APP_ID" in (await bench.state()).trouble


async def test_while_facebook_is_away_nothing_is_found_and_it_is_asked_again(bench: Bench) -> None:
    port = bench.graph.port
    await bench.graph.close()
    await bench.pass_time(2 * HOUR_S)
    assert await bench.told() == []
    assert "could not be reached" in (await bench.state()).unasked

    await bench.graph.start(port=port)
    await bench.pass_time(600)
    state = await bench.state()
    assert (state.subscribed, state.unasked) == (True, "")


async def test_a_throttled_page_is_left_alone_for_as_long_as_facebook_says(bench: Bench) -> None:
    bench.graph.usage.set_page(PAGE, 100, regain_min=120)
    while not await bench.pass_time(60):
        pass  # its own minute comes within the hour

    assert await bench.pass_time(118 * 60) == 0
    assert await bench.pass_time(4 * 60) == 1
    assert await bench.told() == []


async def test_a_subscription_that_failed_is_tried_again_soon(bench: Bench) -> None:
    bench.graph.world.pages[PAGE].subscribed_fields = None
    bench.graph.refuse("temporarily_unavailable", match=_subscribes)
    while not await bench.pass_time(TICK_S):
        pass  # its own minute comes within the hour

    assert await bench.subscribed() == set()
    await bench.pass_time(SOON_S + TICK_S)
    assert await bench.subscribed() == set(FIELDS)


async def test_a_token_that_cannot_be_asked_for_now_hides_nothing_of_the_subscription(bench: Bench) -> None:
    bench.graph.refuse("app_throttled", match=lambda call: "debug_token" in call.path)
    while not await bench.pass_time(TICK_S):
        pass

    state = await bench.state()
    assert (state.subscribed, state.unasked, state.trouble) == (True, "", "")
    assert bench.calls("debug_token") == 1
    await bench.pass_time(BACK_OFF_S + 2 * TICK_S)
    assert bench.calls("debug_token") == 2


def _subscribes(call: Call) -> bool:
    return call.http_method == "POST" and "subscribed_apps" in call.path


async def test_a_gap_that_could_not_be_told_is_told_by_whoever_comes_after(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies when the page is subscribed again, and its site not yet told."""
    await bench.pass_time(2 * HOUR_S)
    bench.graph.world.pages[PAGE].subscribed_fields = None
    with monkeypatch.context() as dying:

        async def die(*_: object) -> None:
            raise StoreUnavailable("killed")

        dying.setattr(bench.writer, "append", die)
        bench.watchdog = bench.new_watchdog()
        with pytest.raises(StoreUnavailable):
            await bench.pass_time(2 * HOUR_S)
    assert await bench.told() == []
    assert bench.graph.world.pages[PAGE].subscribed_fields is not None

    bench.watchdog = bench.new_watchdog()
    await bench.pass_time(2 * HOUR_S)
    assert [kind for kind, _ in await bench.told()] == ["page.gap"]


async def test_a_page_that_is_just_being_moved_is_told_later_and_the_right_site(bench: Bench) -> None:
    bench.graph.kill_token(TOKEN)
    await bench.redis.sadd(keys.fenced("acme"), PAGE)
    await bench.pass_time(2 * HOUR_S)
    assert await bench.told() == []

    await bench.redis.srem(keys.fenced("acme"), PAGE)
    await bench.pass_time(2 * HOUR_S)
    assert [kind for kind, _ in await bench.told()] == ["page.token_invalid"]


async def test_a_page_that_is_not_connected_any_more_is_forgotten(bench: Bench) -> None:
    await bench.pass_time(2 * HOUR_S)
    await bench.pages.forget(PAGE)
    await bench.pass_time(2 * HOUR_S)

    assert await bench.redis.exists(keys.AUDITS, keys.AUDIT_TIMES) == 0


async def test_after_an_outage_of_the_relay_every_page_has_a_gap_once(bench: Bench) -> None:
    await bench.pass_time(2 * HOUR_S)
    from_ms, to_ms = round(bench.clock() * 1000), round((bench.clock() + 2 * HOUR_S) * 1000)
    bench.clock.advance(2 * HOUR_S)
    await bench.redis.zadd(keys.OUTAGES, {f"{from_ms}-{to_ms}": to_ms})
    bench.watchdog = bench.new_watchdog()
    await bench.pass_time(5 * HOUR_S)

    ((kind, gap),) = await bench.told()
    assert (kind, gap["reason"]) == ("page.gap", "The relay took nothing from Facebook for more than an hour.")


async def test_many_pages_are_caught_up_with_a_share_at_a_time(bench: Bench) -> None:
    pages = [str(10_000 + number) for number in range(100)]
    for page in pages:
        bench.graph.add_page(page, name="P", token=f"EAA{page}", subscribed_fields=FIELDS)
        await bench.connect(page, f"EAA{page}")
    await bench.pass_time(TICK_S)
    bench.clock.advance(3 * HOUR_S)
    most = max([await bench.pass_time(TICK_S) for _ in range(round(CATCH_UP_S / TICK_S) + 1)])

    assert most == 3
    assert len(await bench.store.of(pages)) == len(pages)


async def test_a_time_that_only_a_wrong_clock_can_have_given_is_given_anew(bench: Bench) -> None:
    await bench.redis.zadd(keys.AUDIT_TIMES, {PAGE: round((bench.clock() + 1000 * HOUR_S) * 1000)})

    assert await bench.pass_time(2 * HOUR_S) >= 1


async def test_who_does_not_lead_asks_nothing_and_takes_over_when_it_does(bench: Bench) -> None:
    bench.leads = False
    assert await bench.pass_time(2 * HOUR_S) == 0
    bench.leads = True

    assert await bench.pass_time(2 * HOUR_S) >= 1


async def test_asked_to_stop_it_stops(bench: Bench) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(bench.watchdog.run(stop))
    stop.set()

    await asyncio.wait_for(running, 10)
    assert bench.clock() == NOON
