"""What the watchdog finds of tokens, and of what a page's site is told."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr

from relay.adapters.redis_bindings import RedisBindings
from relay.core import keys
from relay.core.audit import BACK_OFF_S, SOON_S
from relay.core.errors import StoreUnavailable
from relay.core.page import FIELDS
from relay.engine.page_health import BoundPage, PageHealth
from relay.engine.watchdog import TICK_S
from shared.page_events import decode_connected
from shared.page_token import PageToken, unseal
from shared.vault import new_master_key
from tests.integration.relay.watchdog.bench import HOUR_S, PAGE, SECRET, TOKEN, Bench

ADA = "218471"
PERMISSIONS = ["pages_messaging", "pages_manage_metadata", "pages_show_list"]


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


class TestATokenThatWorksAgain:
    """A checkpoint was passed, or a role restored: the same token, which was dead."""

    @pytest.fixture(params=["a checkpoint", "a role"])
    async def healed(self, bench: Bench, request: pytest.FixtureRequest) -> Bench:
        """Have a page whose site was told that its token is dead, and which works again."""
        ada = bench.graph.add_admin(ADA, name="Ada Admin", pages=[PAGE])
        token = bench.graph.page_token(bench.graph.grant(ADA, PERMISSIONS), PAGE)
        await bench.connect(token=token)
        roles = dict(ada.roles)
        if request.param == "a checkpoint":
            bench.graph.fate.meets_checkpoint(ADA)
        else:
            bench.graph.fate.loses_role(ADA, PAGE)
        await bench.pass_time(2 * HOUR_S)
        bench.graph.fate.passes_checkpoint(ADA)
        ada.roles = roles
        return bench

    async def test_is_given_to_the_site_anew_once(self, healed: Bench) -> None:
        await healed.pass_time(5 * HOUR_S)

        ((died, _), (kind, connected)) = await healed.told()
        assert (died, kind, connected["name"]) == ("page.token_invalid", "page.connected", "Acme")
        token = SecretStr(healed.graph.tokens.of_page(PAGE)[-1])
        assert opened(connected) == PageToken(token, healed.proof_of(token))
        state = await healed.state()
        assert (state.death, state.subscribed, state.trouble) == (None, True, "")

    async def test_may_die_again_and_that_is_told_again(self, healed: Bench) -> None:
        await healed.pass_time(2 * HOUR_S)
        healed.graph.fate.changes_password(ADA)
        await healed.pass_time(2 * HOUR_S)

        kinds = [kind for kind, _ in await healed.told()]
        assert kinds == ["page.token_invalid", "page.connected", "page.token_invalid"]

    async def test_is_told_by_whoever_comes_after_a_process_that_died_before_it_could(
        self, healed: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as dying:

            async def die(*_: object) -> None:
                raise StoreUnavailable("killed")

            dying.setattr(healed.writer, "append", die)
            healed.watchdog = healed.new_watchdog()
            with pytest.raises(StoreUnavailable):
                await healed.pass_time(2 * HOUR_S)
        assert (await healed.state()).death is not None

        healed.watchdog = healed.new_watchdog()
        await healed.pass_time(2 * HOUR_S)
        assert [kind for kind, _ in await healed.told()] == ["page.token_invalid", "page.connected"]

    async def test_is_told_twice_after_a_process_that_died_before_it_was_written_down(
        self, healed: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as dying:

            async def die(*_: object) -> None:
                raise StoreUnavailable("killed")

            dying.setattr(healed.store, "save", die)
            with pytest.raises(StoreUnavailable):
                await healed.pass_time(2 * HOUR_S)
        healed.watchdog = healed.new_watchdog()
        await healed.pass_time(2 * HOUR_S)

        assert [kind for kind, _ in await healed.told()] == ["page.token_invalid", "page.connected", "page.connected"]
        assert (await healed.state()).death is None

    async def test_of_a_page_that_is_just_being_moved_is_told_later(self, healed: Bench) -> None:
        await healed.redis.sadd(keys.fenced("acme"), PAGE)
        await healed.pass_time(2 * HOUR_S)
        assert (await healed.state()).death is not None

        await healed.redis.srem(keys.fenced("acme"), PAGE)
        await healed.pass_time(2 * HOUR_S)
        assert [kind for kind, _ in await healed.told()] == ["page.token_invalid", "page.connected"]

    async def test_of_a_site_that_is_gone_stays_untold_and_costs_no_other_page(self, healed: Bench) -> None:
        await healed.redis.hdel(keys.SITES, "acme")
        healed.graph.add_page("3344", name="P", token="EAAother", subscribed_fields=FIELDS)
        await healed.register("beta")
        await healed.connect("3344", "EAAother", site="beta")
        await healed.pass_time(2 * HOUR_S)

        assert [kind for kind, _ in await healed.told()] == ["page.token_invalid"]
        assert (await healed.state("3344")).subscribed


class TestATokenThatNoKeyOpens:
    """The relay was started with another master key, or a backup was restored without it."""

    @pytest.fixture
    async def locked(self, bench: Bench) -> Bench:
        """Have a page that was audited, and a relay that cannot open its token since."""
        await bench.pass_time(2 * HOUR_S)
        start_with(bench, new_master_key())
        await bench.pass_time(2 * HOUR_S)
        return bench

    async def test_is_shown_with_what_mends_it_beside_what_was_known_of_the_page(self, locked: Bench) -> None:
        (page,) = await health_of(locked)

        assert "append the earlier key to RELAY_MASTER_KEY" in page.trouble
        assert (page.site, page.subscribed) == ("acme", True)
        assert page.audited_at_ms is not None
        assert await locked.told() == []

    async def test_is_asked_nobody_about(self, locked: Bench) -> None:
        calls = len(locked.graph.ledger)
        await locked.pass_time(2 * HOUR_S)

        assert len(locked.graph.ledger) == calls

    async def test_is_audited_again_within_minutes_when_the_key_is_back(self, locked: Bench) -> None:
        before = (await locked.state()).asked_at_ms
        start_with(locked, new_master_key(), locked.master_key)
        await locked.pass_time(SOON_S + TICK_S)

        (page,) = await health_of(locked)
        assert (page.trouble, page.subscribed) == ("", True)
        assert page.audited_at_ms is not None
        assert page.audited_at_ms > before

    async def test_what_the_site_missed_meanwhile_is_told_then(self, locked: Bench) -> None:
        good_at_ms = (await locked.state()).good_at_ms
        locked.graph.world.pages[PAGE].subscribed_fields = None
        await locked.relay_away(2 * HOUR_S)
        start_with(locked, locked.master_key)
        await locked.pass_time(HOUR_S)

        ((kind, gap),) = await locked.told()
        assert (kind, datetime.fromisoformat(gap["from"]).timestamp() * 1000) == ("page.gap", good_at_ms)

    async def test_that_was_dead_stays_known_as_dead(self, bench: Bench) -> None:
        bench.graph.kill_token(TOKEN, subcode=460)
        await bench.pass_time(2 * HOUR_S)
        start_with(bench, new_master_key())
        await bench.pass_time(2 * HOUR_S)

        (page,) = await health_of(bench)
        assert page.token_dead_since_ms is not None
        assert "RELAY_MASTER_KEY" in page.trouble
        assert "The password of the Facebook account was changed" in page.trouble

    async def test_of_a_page_that_was_never_audited_is_shown_too(self, bench: Bench) -> None:
        start_with(bench, new_master_key())
        await bench.pass_time(2 * HOUR_S)

        (page,) = await health_of(bench)
        assert "RELAY_MASTER_KEY" in page.trouble
        assert (page.subscribed, page.audited_at_ms) == (None, None)

    async def test_is_over_when_the_page_is_connected_again(self, locked: Bench) -> None:
        await locked.connect(token=locked.graph.issue_token(PAGE))
        await locked.pass_time(2 * HOUR_S)

        (page,) = await health_of(locked)
        assert (page.trouble, page.subscribed) == ("", True)


def start_with(bench: Bench, *master_keys: SecretStr) -> None:
    """Start the relay anew with these master keys."""
    bench.open_with(*master_keys)
    bench.watchdog = bench.new_watchdog()


async def health_of(bench: Bench) -> Sequence[BoundPage]:
    """Return what operators see of all pages."""
    return await PageHealth(RedisBindings(bench.redis), bench.store).all()


def opened(connected: Any) -> PageToken:
    """Open a `page.connected` as its site does."""
    news = decode_connected(json.dumps(connected).encode())
    return unseal(news.sealed, page_id=PAGE, secret=SECRET)
