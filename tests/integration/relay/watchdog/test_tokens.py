"""What the watchdog finds of tokens, and of what a page's site is told."""

import pytest

from relay.core import keys
from relay.core.audit import BACK_OFF_S
from relay.engine.watchdog import TICK_S
from tests.integration.relay.watchdog.bench import HOUR_S, PAGE, TOKEN, Bench


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


async def test_a_token_that_cannot_be_asked_for_now_hides_nothing_of_the_subscription(bench: Bench) -> None:
    bench.graph.refuse("app_throttled", match=lambda call: "debug_token" in call.path)
    while not await bench.pass_time(TICK_S):
        pass

    state = await bench.state()
    assert (state.subscribed, state.unasked, state.trouble) == (True, "", "")
    assert bench.calls("debug_token") == 1
    await bench.pass_time(BACK_OFF_S + 2 * TICK_S)
    assert bench.calls("debug_token") == 2


async def test_a_page_that_is_just_being_moved_is_told_later_and_the_right_site(bench: Bench) -> None:
    bench.graph.kill_token(TOKEN)
    await bench.redis.sadd(keys.fenced("acme"), PAGE)
    await bench.pass_time(2 * HOUR_S)
    assert await bench.told() == []

    await bench.redis.srem(keys.fenced("acme"), PAGE)
    await bench.pass_time(2 * HOUR_S)
    assert [kind for kind, _ in await bench.told()] == ["page.token_invalid"]
