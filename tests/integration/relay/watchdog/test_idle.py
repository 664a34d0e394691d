"""What watching costs Redis while no page is due: the same few commands a minute, with two pages and with thousands."""

import pytest
from redis.asyncio import Redis

from relay.core import keys
from relay.engine.watchdog import TICK_S
from tests.integration.relay.watchdog.bench import HOUR_S, PAGE, Bench
from tests.support.command_count import commands_sent

MOST_A_MINUTE = 5.0


async def keep(redis: Redis, pages: int) -> None:
    """Have further pages that are connected, as far as the watchdog looks while none is due."""
    record = await redis.hget(keys.PAGES, PAGE) or b""
    await redis.hset(keys.PAGES, mapping={str(10_000 + number): record for number in range(pages)})


@pytest.mark.parametrize("pages", [2, 2000])
async def test_while_no_page_is_due_an_hour_costs_a_few_commands_a_minute(bench: Bench, pages: int) -> None:
    await keep(bench.redis, pages - 1)
    await bench.pass_time(TICK_S)
    later = round((bench.clock() + 2 * HOUR_S) * 1000)
    await bench.redis.zadd(keys.AUDIT_TIMES, dict.fromkeys(await bench.store.pages(), later))

    async with commands_sent(bench.redis) as sent:
        audits = await bench.pass_time(HOUR_S)

    assert (audits, await bench.redis.zcard(keys.AUDIT_TIMES)) == (0, pages)
    assert HOUR_S / TICK_S <= len(sent) <= 60 * MOST_A_MINUTE, len(sent)
