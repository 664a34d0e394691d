"""aiogram, an independent client, finds in the simulator what it expects of Telegram; every update fits its types."""

from collections.abc import AsyncIterator

import aiogram
import pytest
from aiogram import exceptions
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update

from tests.simulators.telegram import Bot, TelegramSimulator, User, attachments
from tests.simulators.telegram.update_kinds import KINDS


@pytest.fixture
async def aio(telegram: TelegramSimulator, bot: Bot, user: User) -> AsyncIterator[aiogram.Bot]:
    await telegram.customers.starts(bot.token, user.id)
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
    async with aiogram.Bot(bot.token, session=session) as client:
        yield client


async def test_aiogram_learns_who_the_bot_is(aio: aiogram.Bot) -> None:
    me = await aio.get_me()

    assert (me.id, me.username, me.is_bot, me.can_join_groups) == (123456789, "acme_bot", True, True)


async def test_aiogram_polls_and_confirms(telegram: TelegramSimulator, bot: Bot, user: User, aio: aiogram.Bot) -> None:
    await telegram.customer_says(bot.token, user.id, "hello")

    start, hello = await aio.get_updates(timeout=1, allowed_updates=["message"])
    after = await aio.get_updates(offset=hello.update_id + 1, timeout=0)

    assert start.message is not None
    assert hello.message is not None
    assert (start.message.text, hello.message.text) == ("/start", "hello")
    assert hello.message.from_user is not None
    assert hello.message.from_user.full_name == "Ada Lovelace"
    assert after == []


async def test_aiogram_sends_with_markup_buttons_and_a_reply(
    telegram: TelegramSimulator, bot: Bot, user: User, aio: aiogram.Bot
) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="yes")]])

    message = await aio.send_message(
        user.id,
        "<b>Sure?</b>",
        parse_mode="HTML",
        reply_markup=keyboard,
        reply_parameters=ReplyParameters(message_id=1),
    )

    assert message.text == "Sure?"
    assert message.reply_markup is not None
    assert message.reply_markup.model_dump(exclude_none=True) == keyboard.model_dump(exclude_none=True)
    assert message.reply_to_message is not None
    assert telegram.ledger.calls("sendMessage")[0].ignored == ()


async def test_aiogram_edits_deletes_types_and_looks_chats_up(user: User, aio: aiogram.Bot) -> None:
    sent = await aio.send_message(user.id, "one")

    edited = await aio.edit_message_text("two", chat_id=user.id, message_id=sent.message_id)
    chat = await aio.get_chat(user.id)

    assert isinstance(edited, aiogram.types.Message)
    assert edited.text == "two"
    assert await aio.delete_message(user.id, sent.message_id)
    assert await aio.send_chat_action(user.id, "typing")
    assert (chat.full_name, chat.type) == ("Ada Lovelace", "private")


async def test_aiogram_downloads_a_file(telegram: TelegramSimulator, bot: Bot, user: User, aio: aiogram.Bot) -> None:
    document = attachments.document(bot, b"content", file_name="a.txt")
    await telegram.customers.sends(bot.token, user.id, document)

    file = await aio.get_file(document["document"]["file_id"])
    assert file.file_path is not None
    content = await aio.download_file(file.file_path)

    assert content is not None
    assert content.read() == b"content"


async def test_aiogram_sets_and_removes_a_webhook(aio: aiogram.Bot) -> None:
    assert await aio.set_webhook("https://x.test/hook", allowed_updates=["message"])
    info = await aio.get_webhook_info()
    with pytest.raises(exceptions.TelegramConflictError):
        await aio.get_updates()
    assert await aio.delete_webhook(drop_pending_updates=True)

    assert (info.url, info.pending_update_count) == ("https://x.test/hook", 1)
    assert await aio.get_updates() == []


async def test_aiogram_maps_every_refusal_to_its_own_exception(
    telegram: TelegramSimulator, bot: Bot, user: User, aio: aiogram.Bot
) -> None:
    with pytest.raises(exceptions.TelegramBadRequest, match="chat not found"):
        await aio.send_message(4711, "hi")
    telegram.throttle("sendMessage", retry_after=9)
    with pytest.raises(exceptions.TelegramRetryAfter) as throttled:
        await aio.send_message(user.id, "hi")
    assert throttled.value.retry_after == 9
    await telegram.customers.blocks(bot.token, user.id)
    with pytest.raises(exceptions.TelegramForbiddenError, match="bot was blocked by the user"):
        await aio.send_message(user.id, "hi")
    telegram.add_group(bot.token, chat_id=-77, title="Team", type="group")
    telegram.migrate_group(bot.token, -77, -1001234567890)
    with pytest.raises(exceptions.TelegramMigrateToChat) as moved:
        await aio.send_message(-77, "hi")
    assert moved.value.migrate_to_chat_id == -1001234567890
    telegram.faults.bad_gateway("getMe")
    with pytest.raises(exceptions.ClientDecodeError):
        await aio.get_me()
    telegram.faults.drop("getMe")
    with pytest.raises(exceptions.TelegramNetworkError):
        await aio.get_me()
    telegram.revoke_token(bot.token)
    with pytest.raises(exceptions.TelegramUnauthorizedError):
        await aio.get_me()


def test_the_kinds_of_updates_are_those_that_aiogram_knows() -> None:
    assert set(KINDS) == set(Update.model_fields) - {"update_id"}


async def test_every_simulated_update_fits_the_types_of_aiogram(
    telegram: TelegramSimulator, bot: Bot, user: User
) -> None:
    bot.inbox.allowed = frozenset(KINDS)
    people, token = telegram.customers, bot.token
    telegram.add_group(token, chat_id=-1001234567890, title="Team")
    await people.starts(token, user.id, "campaign-7")
    await people.says(token, user.id, "Grüße 👋 https://x.test", reply_to=1)
    await people.says(token, user.id, "hello all", chat_id=-1001234567890)
    await people.edits(token, user.id, 2, "better")
    await people.presses(token, user.id, 1, "yes")
    await people.reacts(token, user.id, 1, "❤")
    await people.blocks(token, user.id)
    await people.unblocks(token, user.id)
    for content in (
        attachments.photo(bot, b"\xff\xd8" * 10),
        attachments.document(bot, b"%PDF", file_name="bill.pdf", mime_type="application/pdf"),
        attachments.voice(bot, b"OggS"),
        attachments.video(bot, b"mp4"),
        attachments.sticker(bot, b"RIFF"),
        attachments.location(52.5, 13.4),
        attachments.contact("+491701234567", "Bo"),
    ):
        await people.sends(token, user.id, content)

    updates = bot.inbox.queue.get(0, 100, 0)

    assert [Update.model_validate(update).event_type for update in updates] == (
        ["message"] * 3
        + ["edited_message", "callback_query", "message_reaction"]
        + ["my_chat_member"] * 2
        + ["message"] * 7
    )
    assert all(len(update) == 2 for update in updates)


@pytest.mark.parametrize("token", ["", "123:short", "012345678:" + "A" * 35, "123456789:" + "A" * 36])
def test_a_token_that_cannot_be_one_makes_no_bot(token: str) -> None:
    with pytest.raises(ValueError, match="a bot token is"):
        TelegramSimulator().add_bot(token, username="acme_bot")
