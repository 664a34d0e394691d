"""The methods of the simulated Bot API: how they may be called, what they do, and their refusals word for word."""

import json
from typing import Any

import aiohttp
import pytest

from tests.integration.simulators.bot_client import BotClient
from tests.simulators.clock import ManualClock
from tests.simulators.telegram import Bot, TelegramSimulator, User, attachments
from tests.simulators.telegram.errors import forbidden

NEVER_STARTED = 5002
BUTTONS = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


@pytest.fixture
async def chat(telegram: TelegramSimulator, bot: Bot, user: User) -> int:
    """Open a private chat: the user has pressed Start; that is message 1."""
    telegram.add_user(id=NEVER_STARTED, first_name="Bo")
    await telegram.customers.starts(bot.token, user.id)
    return user.id


# How a method is called


@pytest.mark.parametrize("name", ["sendMessage", "sendmessage", "SENDMESSAGE"])
async def test_the_case_of_a_method_does_not_matter(
    telegram: TelegramSimulator, client: BotClient, chat: int, name: str
) -> None:
    await client.result(name, chat_id=chat, text="hi")

    assert len(telegram.ledger.calls("sendMessage")) == 1


async def test_query_form_json_and_multipart_are_all_read(
    telegram: TelegramSimulator, bot: Bot, http: aiohttp.ClientSession, chat: int
) -> None:
    url = f"{telegram.url}/bot{bot.token}/sendMessage"
    texts = {"chat_id": str(chat), "text": "hi", "reply_markup": json.dumps(BUTTONS)}
    multipart = aiohttp.FormData(texts)
    multipart.add_field("unused", b"bytes", filename="a.bin")

    calls: list[Any] = [
        http.get(url, params=texts),
        http.post(url, data=texts),
        http.post(url, json={"chat_id": chat, "text": "hi", "reply_markup": BUTTONS}),
        http.post(url, data=multipart),
    ]
    for call in calls:
        async with call as answer:
            assert (await answer.json())["result"]["reply_markup"] == BUTTONS

    assert [call.encoding for call in telegram.ledger] == ["none", "form", "json", "multipart"]
    assert [call.ignored for call in telegram.ledger] == [(), (), (), ("unused",)]


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        pytest.param("/bot987654321:" + "B" * 35 + "/getMe", 401, "Unauthorized", id="unknown token"),
        pytest.param("/botabc/getMe", 404, "Not Found", id="malformed token"),
        pytest.param("/", 404, "Not Found", id="no address"),
        pytest.param("/bot{token}/fly", 404, "Not Found: method not found", id="unknown method"),
        pytest.param("/bot{token}", 404, "Not Found", id="no method"),
        pytest.param("/file/bot{token}/documents/file_9.pdf", 404, "Not Found", id="unknown file"),
    ],
)
async def test_an_address_that_leads_nowhere_says_so(
    telegram: TelegramSimulator, bot: Bot, http: aiohttp.ClientSession, path: str, status: int, description: str
) -> None:
    async with http.get(telegram.url + path.replace("{token}", bot.token)) as answer:
        assert (answer.status, await answer.json()) == (
            status,
            {"ok": False, "error_code": status, "description": description},
        )


async def test_a_revoked_token_is_unauthorized(telegram: TelegramSimulator, bot: Bot, client: BotClient) -> None:
    telegram.revoke_token(bot.token)

    assert await client.refusal("getMe") == (401, "Unauthorized")


async def test_the_token_is_in_no_path_of_the_ledger(telegram: TelegramSimulator, bot: Bot, client: BotClient) -> None:
    await client.result("getMe")

    (call,) = telegram.ledger
    assert (call.path, call.token) == ("/bot***/getMe", bot.token)
    assert bot.token not in repr(call)


async def test_a_body_that_is_no_json_is_refused(
    telegram: TelegramSimulator, bot: Bot, http: aiohttp.ClientSession
) -> None:
    headers = {"Content-Type": "application/json"}
    async with http.post(f"{telegram.url}/bot{bot.token}/getMe", data=b"{", headers=headers) as answer:
        assert answer.status == 400


async def test_throttling_tells_the_wait_in_body_and_header(
    telegram: TelegramSimulator, bot: Bot, http: aiohttp.ClientSession, chat: int
) -> None:
    telegram.throttle("sendMessage", retry_after=7)

    url = f"{telegram.url}/bot{bot.token}/sendMessage"
    async with http.post(url, json={"chat_id": chat, "text": "hi"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert await answer.json() == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        }
    assert telegram.sent(bot.token) == []


# Sending


async def test_a_sent_message_comes_back_as_a_message(
    bot: Bot, user: User, client: BotClient, chat: int, clock: ManualClock
) -> None:
    message = await client.result("sendMessage", chat_id=chat, text=" see https://x.test ")

    assert message == {
        "message_id": 2,
        "from": {"id": 123456789, "is_bot": True, "first_name": "acme_bot", "username": "acme_bot"},
        "chat": {"id": chat, "type": "private", "first_name": "Ada", "last_name": "Lovelace", "username": "ada"},
        "date": int(clock()),
        "text": "see https://x.test",
        "entities": [{"type": "url", "offset": 4, "length": 14}],
    }


REFUSED = [
    pytest.param({"chat_id": ""}, 400, "Bad Request: chat_id is empty", id="no chat"),
    pytest.param({"chat_id": 4711}, 400, "Bad Request: chat not found", id="unknown chat"),
    pytest.param({"chat_id": "@nobody"}, 400, "Bad Request: chat not found", id="unknown name"),
    pytest.param(
        {"chat_id": NEVER_STARTED}, 403, "Forbidden: bot can't initiate conversation with a user", id="never started"
    ),
    pytest.param({"text": " \n"}, 400, "Bad Request: message text is empty", id="empty"),
    pytest.param({"text": "x" * 4097}, 400, "Bad Request: message is too long", id="too long"),
    pytest.param({"text": "👋" * 2049}, 400, "Bad Request: message is too long", id="too long in UTF-16"),
    pytest.param({"parse_mode": "BBCode"}, 400, "Bad Request: unsupported parse_mode", id="unknown parse mode"),
    pytest.param(
        {"parse_mode": "HTML", "text": "<b>x"},
        400,
        "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        id="broken HTML",
    ),
    pytest.param(
        {"reply_parameters": {"message_id": 99}},
        400,
        "Bad Request: message to be replied not found",
        id="reply to nothing",
    ),
    pytest.param(
        {"reply_markup": "{"}, 400, "Bad Request: can't parse reply keyboard markup JSON object", id="broken markup"
    ),
    pytest.param({"reply_markup": [1]}, 400, "Bad Request: object expected as reply markup", id="markup no object"),
    pytest.param(
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y" * 65}]]}},
        400,
        "Bad Request: BUTTON_DATA_INVALID",
        id="button data too long",
    ),
]


@pytest.mark.parametrize(("overrides", "status", "description"), REFUSED)
async def test_what_telegram_refuses_is_refused_and_nothing_happens(
    telegram: TelegramSimulator,
    bot: Bot,
    client: BotClient,
    chat: int,
    overrides: dict[str, Any],
    status: int,
    description: str,
) -> None:
    params = {"chat_id": chat, "text": "hi"} | overrides

    assert await client.refusal("sendMessage", **params) == (status, description)
    assert telegram.sent(bot.token) == []
    assert telegram.ledger.calls("sendMessage")[0].effect is False


async def test_the_longest_text_is_taken(client: BotClient, chat: int) -> None:
    await client.result("sendMessage", chat_id=chat, text="x" * 4096)


async def test_markup_does_not_count_against_the_length(client: BotClient, chat: int) -> None:
    await client.result("sendMessage", chat_id=chat, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")


async def test_who_blocked_the_bot_is_out_of_reach_until_they_come_back(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient, chat: int
) -> None:
    await telegram.customers.blocks(bot.token, user.id)
    blocked = await client.refusal("sendMessage", chat_id=chat, text="hi")
    await telegram.customers.unblocks(bot.token, user.id)

    assert blocked == (403, "Forbidden: bot was blocked by the user")
    await client.result("sendMessage", chat_id=chat, text="hi")


async def test_a_group_that_became_a_supergroup_names_its_new_id(
    telegram: TelegramSimulator, bot: Bot, client: BotClient
) -> None:
    telegram.add_group(bot.token, chat_id=-77, title="Team", type="group")
    telegram.migrate_group(bot.token, -77, -1001234567890)

    _, body = await client.ask("sendMessage", chat_id=-77, text="hi")

    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": -1001234567890}
    await client.result("sendMessage", chat_id=-1001234567890, text="hi")


async def test_a_group_may_have_thrown_the_bot_out(telegram: TelegramSimulator, bot: Bot, client: BotClient) -> None:
    group = telegram.add_group(bot.token, chat_id=-1001, title="Team")
    group.refusal = forbidden("bot was kicked from the supergroup chat")

    assert await client.refusal("sendMessage", chat_id=-1001, text="hi") == (
        403,
        "Forbidden: bot was kicked from the supergroup chat",
    )


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param({"reply_parameters": {"message_id": 1}}, id="reply_parameters"),
        pytest.param({"reply_parameters": '{"message_id": 1}'}, id="as JSON text"),
        pytest.param({"reply_to_message_id": 1}, id="as it was once written"),
    ],
)
async def test_a_reply_quotes_its_message(client: BotClient, chat: int, reply: dict[str, Any]) -> None:
    message = await client.result("sendMessage", chat_id=chat, text="hi", **reply)

    assert message["reply_to_message"]["text"] == "/start"


async def test_a_reply_to_nothing_may_be_allowed(client: BotClient, chat: int) -> None:
    reply = {"message_id": 99, "allow_sending_without_reply": True}

    message = await client.result("sendMessage", chat_id=chat, text="hi", reply_parameters=reply)

    assert "reply_to_message" not in message


async def test_typing_is_shown_and_an_unknown_action_refused(
    telegram: TelegramSimulator, client: BotClient, chat: int
) -> None:
    with telegram.feed.listen() as shown:
        assert await client.result("sendChatAction", chat_id=chat, action="typing") is True
        first = await anext(shown)

    assert (first.event, first.message) == ("action", {"action": "typing"})
    assert await client.refusal("sendChatAction", chat_id=chat, action="dancing") == (
        400,
        "Bad Request: wrong parameter action in request",
    )


# Editing, deleting, buttons


async def test_an_own_message_can_be_edited(client: BotClient, chat: int, clock: ManualClock) -> None:
    sent = await client.result("sendMessage", chat_id=chat, text="one", reply_markup=BUTTONS)

    edited = await client.result("editMessageText", chat_id=chat, message_id=sent["message_id"], text="two")

    assert (edited["text"], edited["edit_date"]) == ("two", int(clock()))
    assert "reply_markup" not in edited


@pytest.mark.parametrize(
    ("message_id", "text", "description"),
    [
        pytest.param(99, "two", "message to edit not found", id="not there"),
        pytest.param(1, "two", "message can't be edited", id="the customer's"),
        pytest.param(
            2,
            "one",
            "message is not modified: specified new message content and reply markup are exactly the same as a current"
            " content and reply markup of the message",
            id="the same",
        ),
    ],
)
async def test_edits_that_telegram_refuses_are_refused(
    client: BotClient, chat: int, message_id: int, text: str, description: str
) -> None:
    await client.result("sendMessage", chat_id=chat, text="one")

    refusal = await client.refusal("editMessageText", chat_id=chat, message_id=message_id, text=text)

    assert refusal == (400, f"Bad Request: {description}")


async def test_a_message_can_be_deleted_for_48_hours(
    telegram: TelegramSimulator, bot: Bot, client: BotClient, chat: int, clock: ManualClock
) -> None:
    first, second = [(await client.result("sendMessage", chat_id=chat, text=text))["message_id"] for text in "ab"]

    assert await client.result("deleteMessage", chat_id=chat, message_id=first) is True
    gone = await client.refusal("deleteMessage", chat_id=chat, message_id=first)
    clock.advance(48 * 3600)
    late = await client.refusal("deleteMessage", chat_id=chat, message_id=second)

    assert gone == (400, "Bad Request: message to delete not found")
    assert late == (400, "Bad Request: message can't be deleted")
    assert [message["message_id"] for message in telegram.sent(bot.token)] == [second]


async def test_a_pressed_button_can_be_answered_for_a_while(
    telegram: TelegramSimulator, bot: Bot, user: User, client: BotClient, chat: int, clock: ManualClock
) -> None:
    sent = await client.result("sendMessage", chat_id=chat, text="Sure?", reply_markup=BUTTONS)
    await telegram.customers.presses(bot.token, user.id, sent["message_id"], "yes")
    query = (await client.result("getUpdates", offset=-1))[0]["callback_query"]
    too_old = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid")

    assert (query["data"], query["message"]["message_id"]) == ("yes", sent["message_id"])
    assert await client.result("answerCallbackQuery", callback_query_id=query["id"]) is True
    assert await client.refusal("answerCallbackQuery", callback_query_id="1") == too_old
    clock.advance(3600)
    assert await client.refusal("answerCallbackQuery", callback_query_id=query["id"]) == too_old


# Files


async def test_a_file_is_found_and_downloaded_for_an_hour(
    telegram: TelegramSimulator,
    bot: Bot,
    user: User,
    client: BotClient,
    http: aiohttp.ClientSession,
    clock: ManualClock,
) -> None:
    document = attachments.document(bot, b"%PDF", file_name="bill.pdf", mime_type="application/pdf")
    await telegram.customers.sends(bot.token, user.id, document, caption="my bill")
    message = (await client.result("getUpdates"))[0]["message"]

    file = await client.result("getFile", file_id=message["document"]["file_id"])
    url = f"{telegram.url}/file/bot{bot.token}/{file['file_path']}"
    async with http.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"%PDF")
    clock.advance(3601)
    async with http.get(url) as answer:
        assert answer.status == 404

    assert (message["caption"], file["file_size"]) == ("my bill", 4)
    assert [call.path for call in telegram.ledger.calls("download")] == [f"/file/bot***/{file['file_path']}"] * 2


async def test_a_file_above_20_mb_cannot_be_had(bot: Bot, client: BotClient) -> None:
    document = attachments.document(bot, b"", file_name="film.mkv", size=20 * 1024 * 1024 + 1)

    refusal = await client.refusal("getFile", file_id=document["document"]["file_id"])

    assert refusal == (400, "Bad Request: file is too big")


async def test_the_handle_of_another_bot_is_worth_nothing(telegram: TelegramSimulator, client: BotClient) -> None:
    other = telegram.add_bot("987654321:" + "B" * 35, username="other_bot")
    handle = attachments.document(other, b"x", file_name="a.txt")["document"]["file_id"]

    assert await client.refusal("getFile", file_id=handle) == (
        400,
        "Bad Request: wrong file_id or the file is temporarily unavailable",
    )
