"""What a page missed is mended and told once, whoever dies in between, and to nobody whom it does not concern."""

from datetime import datetime

import pytest

from relay.core.errors import StoreUnavailable
from relay.core.page import FIELDS
from relay.engine.watchdog import TICK_S
from tests.integration.relay.watchdog.bench import HOUR_S, PAGE, Bench


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


async def test_after_an_outage_of_the_relay_every_page_has_a_gap_once(bench: Bench) -> None:
    await bench.pass_time(2 * HOUR_S)
    await bench.relay_away(2 * HOUR_S)
    await bench.pass_time(5 * HOUR_S)

    ((kind, gap),) = await bench.told()
    assert (kind, gap["reason"]) == ("page.gap", "The relay took nothing from Facebook for more than an hour.")


class TestAMovedPage:
    async def test_an_outage_before_the_move_concerns_the_new_site_not_at_all(self, bench: Bench) -> None:
        await bench.pass_time(2 * HOUR_S)
        await bench.relay_away(2 * HOUR_S)
        await bench.move("beta")
        await bench.pass_time(2 * HOUR_S)

        assert await bench.told("beta") == await bench.told("acme") == []

    async def test_of_an_outage_in_which_it_was_moved_only_the_rest_concerns_the_new_site(self, bench: Bench) -> None:
        await bench.pass_time(2 * HOUR_S)
        bench.clock.advance(HOUR_S)
        moved_at = bench.clock()
        await bench.move("beta")
        bench.clock.advance(-HOUR_S)
        await bench.relay_away(2 * HOUR_S)
        await bench.pass_time(2 * HOUR_S)

        ((kind, gap),) = await bench.told("beta")
        assert (kind, datetime.fromisoformat(gap["from"]).timestamp()) == ("page.gap", moved_at)
        assert await bench.told("acme") == []

    async def test_an_outage_after_the_move_is_told_to_the_new_site_alone(self, bench: Bench) -> None:
        await bench.move("beta")
        await bench.pass_time(2 * HOUR_S)
        away_from = bench.clock()
        await bench.relay_away(2 * HOUR_S)
        await bench.pass_time(2 * HOUR_S)

        ((kind, gap),) = await bench.told("beta")
        assert (kind, datetime.fromisoformat(gap["from"]).timestamp()) == ("page.gap", away_from)
        assert await bench.told("acme") == []

    async def test_unsubscribed_while_the_old_site_had_it_it_is_a_gap_of_the_new_one_since_the_move(
        self, bench: Bench
    ) -> None:
        await bench.pass_time(2 * HOUR_S)
        bench.graph.world.pages[PAGE].subscribed_fields = None
        bench.clock.advance(120)
        moved_at = bench.clock()
        await bench.move("beta")
        await bench.pass_time(2 * HOUR_S)

        ((kind, gap),) = await bench.told("beta")
        assert (kind, datetime.fromisoformat(gap["from"]).timestamp()) == ("page.gap", moved_at)


async def test_an_outage_that_nobody_was_told_of_is_told_although_the_page_was_connected_again(bench: Bench) -> None:
    await bench.pass_time(2 * HOUR_S)
    away_from = bench.clock()
    await bench.relay_away(2 * HOUR_S)
    await bench.connect()
    await bench.pass_time(2 * HOUR_S)

    ((kind, gap),) = await bench.told()
    assert (kind, datetime.fromisoformat(gap["from"]).timestamp()) == ("page.gap", away_from)
