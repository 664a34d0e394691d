"""When the watchdog asks for which page, and how it goes on when Facebook or its own process fails."""

import asyncio
from contextlib import suppress

import pytest

from relay.core import keys
from relay.core.audit import SOON_S, Audit
from relay.core.audit_times import AT_LEAST_MS, CATCH_UP_S
from relay.core.errors import StoreUnavailable
from relay.core.page import FIELDS
from relay.engine.page_news import PageNews
from relay.engine.watchdog import TICK_S
from tests.integration.relay.watchdog.bench import HOUR_S, PAGE, Bench
from tests.simulators.ledger import Call
from tests.support.clock import NOON


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


def _subscribes(call: Call) -> bool:
    return call.http_method == "POST" and "subscribed_apps" in call.path


async def test_a_page_that_is_not_connected_any_more_is_forgotten(bench: Bench) -> None:
    await bench.pass_time(2 * HOUR_S)
    await bench.pages.forget(PAGE)
    await bench.pass_time(2 * HOUR_S)

    assert await bench.redis.exists(keys.AUDITS, keys.AUDIT_TIMES) == 0


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


async def test_a_page_that_an_operator_asks_for_is_audited_with_the_next_look_before_all_that_is_overdue(
    bench: Bench,
) -> None:
    for number in range(20):
        bench.graph.add_page(str(10_000 + number), name="P", token=f"EAA{number}", subscribed_fields=FIELDS)
        await bench.connect(str(10_000 + number), f"EAA{number}")
    await bench.pass_time(TICK_S)
    bench.clock.advance(3 * HOUR_S)
    await bench.request_audit("10007")

    assert await bench.pass_time(TICK_S) == 1
    assert set(await bench.store.of([str(10_000 + number) for number in range(20)])) == {"10007"}


async def test_a_page_that_was_connected_just_now_can_be_asked_for_at_once(bench: Bench) -> None:
    await bench.pages.forget(PAGE)
    await bench.pass_time(TICK_S)
    await bench.connect()
    await bench.request_audit(PAGE)

    assert await bench.pass_time(TICK_S) == 1
    assert (await bench.state()).subscribed


async def test_asked_for_it_is_audited_once_and_then_in_its_own_minute_again(bench: Bench) -> None:
    await bench.request_audit(PAGE)
    await bench.pass_time(TICK_S)

    assert await bench.pass_time(AT_LEAST_MS / 1000 - 2 * TICK_S) == 0


async def test_a_state_that_cannot_be_read_costs_no_page_its_audit(bench: Bench) -> None:
    await bench.redis.hset(keys.AUDITS, PAGE, b'{"site":5}')
    await bench.pass_time(HOUR_S + TICK_S)

    assert (await bench.state()).subscribed is True


async def test_a_redis_that_fails_over_one_page_lets_nothing_be_told_twice_of_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in ("2233", "4455"):
        bench.graph.add_page(page, name="Other", token=f"EAA{page}", subscribed_fields=FIELDS)
        await bench.connect(page, f"EAA{page}")
    bench.graph.kill_token("EAA2233")
    bench.graph.kill_token("EAA4455")
    tell = PageNews.token_invalid

    async def fail_for_one(news: PageNews, page_id: str, site: str, audit: Audit) -> bool:
        if page_id == "4455":
            raise StoreUnavailable("away")
        return await tell(news, page_id, site, audit)

    monkeypatch.setattr(PageNews, "token_invalid", fail_for_one)
    with suppress(StoreUnavailable):
        await bench.pass_time(2 * HOUR_S)
    with suppress(StoreUnavailable):
        await bench.pass_time(2 * HOUR_S)
    monkeypatch.undo()
    await bench.pass_time(2 * HOUR_S)

    told = [kind for kind, _ in await bench.told()]
    assert told == ["page.token_invalid", "page.token_invalid"], "each death once"
