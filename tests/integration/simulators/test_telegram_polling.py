"""Long polling over real connections: waiting, conflicts, webhooks, closing."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.integration.simulators.bot_client import BotClient
from tests.simulators.clock import ManualClock
from tests.simulators.telegram import Bot, TelegramSimulator, User

CONFLICT_POLL = (
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
CONFLICT_WEBHOOK = (
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)


@pytest.fixture
async def waiting(telegram: TelegramSimulator, bot: Bot, client: BotClient) -> "asyncio.Task[tuple[int, Any]]":
    """Start a poll and return it as soon as it waits at the server."""
    task = asyncio.create_task(client.ask("getUpdates", timeout=50))
    await telegram.wait_for_poll(bot.token)
    return task


async def test_a_poll_brings_what_was_said(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient
) -> None:
    first = await telegram.customer_says(bot.token, user.id, "one")
    second = await telegram.customer_says(bot.token, user.id, "two")

    updates = await client.result("getUpdates")

    assert [(update["update_id"], update["message"]["text"]) for update in updates] == [(first, "one"), (second, "two")]
    assert second == 7_000_002


async def test_a_waiting_poll_ends_with_the_next_update(
    telegram: TelegramSimulator, bot: Bot, user: User, waiting: "asyncio.Task[tuple[int, Any]]"
) -> None:
    update_id = await telegram.customer_says(bot.token, user.id, "hello")

    _, body = await waiting

    assert [update["update_id"] for update in body["result"]] == [update_id]


async def test_a_waiting_poll_ends_empty_when_its_time_is_up(
    clock: ManualClock, waiting: "asyncio.Task[tuple[int, Any]]"
) -> None:
    clock.advance(49.9)
    assert not waiting.done()

    clock.advance(0.1)

    assert await waiting == (200, {"ok": True, "result": []})


async def test_a_timeout_above_50_seconds_is_50_seconds(
    telegram: TelegramSimulator, bot: Bot, client: BotClient, clock: ManualClock
) -> None:
    task = asyncio.create_task(client.poll(timeout=3600))
    await telegram.wait_for_poll(bot.token)

    clock.advance(50)

    assert await task == []


async def test_of_two_polls_the_older_one_fails_and_the_newer_one_goes_on(
    telegram: TelegramSimulator,
    bot: Bot,
    user: User,
    client: BotClient,
    waiting: "asyncio.Task[tuple[int, Any]]",
) -> None:
    newer = asyncio.create_task(client.poll(timeout=50))

    status, body = await waiting
    await telegram.wait_for_poll(bot.token)
    update_id = await telegram.customer_says(bot.token, user.id, "hello")

    assert (status, body["description"]) == CONFLICT_POLL
    assert await newer == [update_id]


async def test_a_second_conflict_within_three_seconds_is_held_back_for_three(
    telegram: TelegramSimulator, client: BotClient, clock: ManualClock
) -> None:
    await client.result("setWebhook", url="https://x.test/hook")
    assert await client.refusal("getUpdates") == CONFLICT_WEBHOOK

    second = asyncio.create_task(client.refusal("getUpdates"))
    await clock.wait_for_sleeper()
    assert not second.done()
    clock.advance(3)

    assert await second == CONFLICT_WEBHOOK


async def test_setting_a_webhook_ends_the_poll_that_waits(
    client: BotClient, waiting: "asyncio.Task[tuple[int, Any]]"
) -> None:
    await client.result("setWebhook", url="https://x.test/hook")

    status, body = await waiting

    assert (status, body["description"]) == (409, "Conflict: terminated by setWebhook request")


async def test_closing_ends_the_poll_that_waits_at_once(
    telegram: TelegramSimulator, waiting: "asyncio.Task[tuple[int, Any]]"
) -> None:
    await telegram.close()

    status, body = await waiting

    assert (status, body["description"]) == (500, "Internal Server Error: restart")


async def test_updates_survive_a_restart_of_the_platform(
    telegram: TelegramSimulator, bot: Bot, user: User, http: aiohttp.ClientSession
) -> None:
    update_id = await telegram.customer_says(bot.token, user.id, "hello")
    await telegram.close()
    await telegram.start()

    assert await BotClient(http, telegram, bot).poll() == [update_id]


async def test_a_webhook_is_remembered_and_removed(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient
) -> None:
    await client.result("setWebhook", url="https://x.test/hook", max_connections=5)
    await telegram.customer_says(bot.token, user.id, "hello")
    with_webhook = await client.result("getWebhookInfo")
    await client.result("deleteWebhook")

    assert with_webhook == {
        "url": "https://x.test/hook",
        "has_custom_certificate": False,
        "pending_update_count": 1,
        "max_connections": 5,
    }
    assert await client.result("getWebhookInfo") == {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": 1,
    }
    assert len(await client.poll()) == 1


async def test_removing_a_webhook_may_drop_what_waits(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient
) -> None:
    await telegram.customer_says(bot.token, user.id, "hello")

    await client.result("deleteWebhook", drop_pending_updates=True)

    assert await client.poll() == []


async def test_a_webhook_needs_tls(client: BotClient) -> None:
    assert await client.refusal("setWebhook", url="http://x.test/hook") == (
        400,
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
    )


async def test_reactions_come_only_to_those_who_ask_and_the_wish_is_remembered(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient, clock: ManualClock
) -> None:
    said = await telegram.customer_says(bot.token, user.id, "hello")
    assert await telegram.customers.reacts(bot.token, user.id, 1, "❤") is None

    await client.poll(allowed_updates=["message", "message_reaction"])
    reacted = await telegram.customers.reacts(bot.token, user.id, 1, "❤")
    blocked = await telegram.customers.blocks(bot.token, user.id)

    assert blocked is None
    clock.advance(1)
    assert await client.poll(offset=0) == [said, reacted]


async def test_a_changed_wish_does_not_touch_what_is_queued(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient
) -> None:
    said = await telegram.customer_says(bot.token, user.id, "hello")

    assert await client.poll(allowed_updates=["callback_query"]) == [said]


async def test_updates_of_a_time_not_yet_come_are_dropped_by_a_poll_that_waits_with_a_guessed_offset(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient
) -> None:
    said = await telegram.customer_says(bot.token, user.id, "hello")
    assert said is not None
    guessed = asyncio.create_task(client.poll(offset=said + 5, timeout=50))
    await telegram.wait_for_poll(bot.token)

    await telegram.customer_says(bot.token, user.id, "lost")

    assert await guessed == []
    assert await client.poll(offset=0, timeout=0) == []


async def test_the_same_offset_again_at_once_gets_one_update_at_most(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient, clock: ManualClock
) -> None:
    ids = [await telegram.customer_says(bot.token, user.id, text) for text in ("one", "two")]

    assert await client.poll() == ids
    assert await client.poll() == ids[:1]
    clock.advance(0.5)
    assert await client.poll() == ids


async def test_the_same_offset_again_within_three_seconds_waits_for_three(
    telegram: TelegramSimulator, bot: Bot, client: BotClient, clock: ManualClock
) -> None:
    assert await client.poll() == []
    again = asyncio.create_task(client.poll())
    await telegram.wait_for_poll(bot.token)

    clock.advance(3)

    assert await again == []


async def test_two_bots_do_not_disturb_each_other(
    telegram: TelegramSimulator, bot: Bot, user: User, http: aiohttp.ClientSession, client: BotClient
) -> None:
    other = telegram.add_bot("987654321:" + "B" * 35, username="other_bot")
    waits = asyncio.create_task(BotClient(http, telegram, other).poll(timeout=50))
    await telegram.wait_for_poll(other.token)

    said = await telegram.customer_says(bot.token, user.id, "hello")

    assert await client.poll() == [said]
    assert not waits.done()
    await telegram.customer_says(other.token, user.id, "hello")
    assert len(await waits) == 1
