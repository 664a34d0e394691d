"""`/api/v1/channels`: tokens go in and never come out, and every change takes effect at once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from pydantic import SecretStr

from shared.graph import appsecret_proof
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, PSID, USER_ID, RunningSite, messenger_event
from tests.world.watching import eventually


def proof_of(site: RunningSite) -> str:
    return appsecret_proof(SecretStr(PAGE_TOKEN), SecretStr(site.graph.app_secret)).get_secret_value()


async def add_bot(site: RunningSite, **more: object) -> tuple[int, Any]:
    return await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN} | more)


async def add_page(site: RunningSite, **more: object) -> tuple[int, Any]:
    return await site.call(
        "POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN} | more
    )


async def test_a_page_is_added_and_shown_without_its_token(site: RunningSite) -> None:
    status, added = await add_page(site, name="Acme", appsecret_proof=proof_of(site))

    assert status == 201
    assert added == {
        "id": 1,
        "platform": "facebook",
        "external_id": PAGE_ID,
        "name": "Acme",
        "state": "ok",
        "sentence": "",
        "has_token": True,
    }
    assert await site.get("/channels/1") == added
    assert await site.get("/channels") == {"channels": [added]}


async def test_a_page_is_named_as_facebook_names_it_until_somebody_names_it(site: RunningSite) -> None:
    _, named_by_facebook = await add_page(site)
    _, named = await add_page(site, name="Support")
    _, again = await add_page(site)

    assert [each["name"] for each in (named_by_facebook, named, again)] == ["Acme", "Support", "Support"]


async def test_a_page_token_that_facebook_refuses_is_not_kept(site: RunningSite) -> None:
    site.graph.kill_token(PAGE_TOKEN)
    status, answer = await add_page(site)

    assert (status, answer["error"]["code"]) == (422, "unprocessable")
    assert "`onsite channel add facebook PAGE_ID`" in answer["error"]["message"]
    assert await site.get("/channels") == {"channels": []}


async def test_a_token_of_another_page_is_not_kept(site: RunningSite) -> None:
    site.graph.add_page("3344", name="Other", token="EAAother")
    status, answer = await add_page(site, token="EAAother")

    assert (status, answer["error"]["message"]) == (
        422,
        f"this token belongs to 3344 (Other): take the token of page {PAGE_ID} itself",
    )
    assert await site.get("/channels") == {"channels": []}


async def test_a_proof_that_does_not_fit_is_said_in_facebooks_words(site: RunningSite) -> None:
    status, answer = await add_page(site, appsecret_proof="ab" * 32)

    assert (status, "Invalid appsecret_proof" in answer["error"]["message"]) == (422, True)


async def test_a_page_is_kept_while_facebook_is_away_and_the_first_reply_clears_it(site: RunningSite) -> None:
    port = site.graph.port
    await site.graph.close()
    status, added = await add_page(site)
    assert (status, added["state"], added["name"], added["has_token"]) == (201, "unchecked", "", True)
    assert "stored, but not checked: Facebook could not be reached" in added["sentence"]

    await site.graph.start(port=port)
    await site.graph.customer_says(PAGE_ID, PSID, "hello?")
    (conversation,) = (await site.get("/conversations"))["conversations"]
    _, reply = await site.call("POST", f"/conversations/{conversation['id']}/replies", {"text": "hello"})
    await site.settled(reply["id"])

    async def state() -> tuple[str, str]:
        channel = await site.get("/channels/1")
        return channel["state"], channel["sentence"]

    await eventually(state, lambda seen: seen == ("ok", ""))
    await site.graph.settled()


async def test_a_bot_is_known_by_what_telegram_says_of_it(site: RunningSite) -> None:
    status, added = await add_bot(site)

    assert (status, added["external_id"], added["name"], added["state"]) == (201, "123456789", "acme_bot", "ok")
    await site.telegram.wait_for_poll(BOT_TOKEN)


async def test_a_token_that_telegram_refuses_is_not_kept(site: RunningSite) -> None:
    site.telegram.revoke_token(BOT_TOKEN)
    status, answer = await add_bot(site)

    assert (status, answer["error"]["code"]) == (422, "unprocessable")
    assert "Telegram refuses this token" in answer["error"]["message"]
    assert await site.get("/channels") == {"channels": []}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param({"platform": "telegram", "token": "no token"}, "@BotFather gives one", id="no bot token"),
        pytest.param({"platform": "telegram"}, "token must be a text", id="token missing"),
        pytest.param({"platform": "fax", "token": "x"}, "one of facebook, telegram", id="unknown platform"),
        pytest.param({"platform": "facebook", "token": "EAAx"}, "page_id must be a text", id="page missing"),
        pytest.param(
            {"platform": "facebook", "token": "EAAx", "page_id": "acme"}, "page's numeric id", id="page by name"
        ),
        pytest.param(
            {"platform": "facebook", "token": "EAA x", "page_id": "1"}, "no token has", id="space in the token"
        ),
        pytest.param({"platform": "facebook", "token": "", "page_id": "1"}, "empty", id="empty token"),
        pytest.param(
            {"platform": "facebook", "token": "EAAx", "page_id": "1", "appsecret_proof": "abc"},
            "64 hexadecimal digits",
            id="no proof",
        ),
        pytest.param(
            {"platform": "telegram", "token": BOT_TOKEN, "take_over": "yes"}, "true or false", id="take_over no flag"
        ),
    ],
)
async def test_what_can_never_work_is_refused_in_words(
    site: RunningSite, body: dict[str, object], sentence: str
) -> None:
    status, answer = await site.call("POST", "/channels", body)

    assert (status, sentence in answer["error"]["message"]) == (422, True)
    assert await site.get("/channels") == {"channels": []}


async def test_a_bot_is_kept_while_telegram_is_away_and_recovers_by_itself(site: RunningSite) -> None:
    port = site.telegram.port
    await site.telegram.close()
    status, added = await add_bot(site)
    assert (status, added["state"], added["name"]) == (201, "unreachable", "")
    assert "could not be asked about it" in str(added["sentence"])

    await site.telegram.start(port=port)

    async def state() -> str:
        return str((await site.get("/channels/1"))["state"])

    await eventually(state, lambda seen: seen == "ok")


async def test_a_second_token_of_the_same_bot_replaces_the_first_and_polling_goes_on(site: RunningSite) -> None:
    await add_bot(site)
    await site.telegram.wait_for_poll(BOT_TOKEN)
    bot = site.telegram.revoke_token(BOT_TOKEN)
    other = "123456789:BBH4f-_abcdefghijklmnopqrstuvwxyz02"
    site.telegram.world.bots[other] = bot

    status, changed = await site.call("PUT", "/channels/1", {"token": other})

    assert (status, changed["state"]) == (200, "ok")
    await site.telegram.customer_says(other, USER_ID, "still here?")
    page = await eventually(lambda: site.get("/conversations"), lambda page: bool(page["conversations"]))
    assert page["conversations"][0]["last_text"] == "still here?"


async def test_a_token_of_another_bot_is_refused_for_this_channel(site: RunningSite) -> None:
    await add_bot(site)
    status, answer = await site.call("PUT", "/channels/1", {"token": "777777:AAH4f-_abcdefghijklmnopqrstuvwxyz01"})

    assert (status, "belongs to another bot" in answer["error"]["message"]) == (422, True)


async def test_a_page_gets_a_new_token_and_keeps_its_name(site: RunningSite) -> None:
    await add_page(site, name="Acme")
    site.graph.kill_token(PAGE_TOKEN)
    site.graph.add_page(PAGE_ID, name="Acme of Facebook", token="EAAother")
    status, changed = await site.call("PUT", "/channels/1", {"token": "EAAother"})

    assert (status, changed["name"], changed["id"]) == (200, "Acme", 1)


async def test_a_removed_bot_is_polled_no_more(site: RunningSite) -> None:
    await add_bot(site)
    await site.telegram.wait_for_poll(BOT_TOKEN)

    assert await site.call("DELETE", "/channels/1") == (204, None)

    assert await site.get("/channels") == {"channels": []}
    assert (await site.call("GET", "/channels/1"))[0] == 404
    assert (await site.call("DELETE", "/channels/1"))[0] == 404
    assert not [task for task in (await site.get("/status"))["tasks"] if task["name"].startswith("telegram")]


async def test_channels_that_go_in_the_middle_of_traffic_disturb_nobody(site: RunningSite) -> None:
    statuses = Counter[int]()
    for number in range(50):
        statuses[(await add_bot(site))[0]] += 1
        await site.telegram.customer_says(BOT_TOKEN, USER_ID, f"message {number}")
        answers = await asyncio.gather(
            site.call("DELETE", "/channels/1"), site.push_events(messenger_event("hello", mid=f"m{number}"))
        )
        statuses.update(status for status, _ in answers)

    assert statuses == {201: 50, 204: 50, 200: 50}


async def test_a_webhook_that_another_program_set_is_named_and_taken_over_on_request(site: RunningSite) -> None:
    async with site.http.post(
        f"{site.telegram.url}/bot{BOT_TOKEN}/setWebhook", json={"url": "https://other.example/hook"}
    ) as answer:
        assert answer.status == 200
    await add_bot(site)

    async def channel() -> dict[str, str]:
        found: dict[str, str] = await site.get("/channels/1")
        return found

    named = await eventually(channel, lambda seen: seen["state"] == "conflict")
    assert "by a webhook" in named["sentence"]
    assert "--take-over" in named["sentence"]

    status, taken = await add_bot(site, take_over=True)
    assert (status, taken["state"]) == (201, "ok")
    await site.telegram.wait_for_poll(BOT_TOKEN)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/channels"),
        ("POST", "/channels"),
        ("GET", "/channels/1"),
        ("PUT", "/channels/1"),
        ("DELETE", "/channels/1"),
        ("GET", "/conversations"),
        ("GET", "/conversations/1/messages"),
        ("POST", "/conversations/1/replies"),
        ("GET", "/messages/1"),
        ("POST", "/messages/1/settle"),
        ("GET", "/contacts"),
        ("GET", "/status"),
    ],
)
@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic YWRtaW46YWRtaW4="], ids=["none", "wrong", "basic"])
async def test_nothing_of_the_api_is_open_without_the_token(
    site: RunningSite, method: str, path: str, token: str
) -> None:
    headers = {"Authorization": token} if token else {}
    async with site.http.request(method, f"{site.url}/api/v1{path}", headers=headers) as answer:
        assert answer.status == 401


async def test_no_token_reaches_the_log(site: RunningSite, capsys: pytest.CaptureFixture[str]) -> None:
    await add_page(site, appsecret_proof=proof_of(site))
    await add_bot(site)
    await site.call(
        "POST", "/channels", {"platform": "telegram", "token": "555555:AAH4f-_abcdefghijklmnopqrstuvwxyz09"}
    )

    printed = capsys.readouterr()
    for secret in (PAGE_TOKEN, BOT_TOKEN, proof_of(site), "AAH4f-_abcdefghijklmnopqrstuvwxyz09"):
        assert secret not in printed.out + printed.err
    assert "channel_saved" in printed.out


async def test_admins_who_change_a_channel_at_the_same_time_leave_one_poller_or_none(site: RunningSite) -> None:
    await add_bot(site)

    answers = await asyncio.gather(
        *(site.call("PUT", "/channels/1", {"token": BOT_TOKEN}) for _ in range(5)),
        add_bot(site),
        site.call("DELETE", "/channels/1"),
        add_bot(site),
    )

    assert {status for status, _ in answers} <= {200, 201, 204, 404}
    channels = (await site.get("/channels"))["channels"]
    polled = [task["name"] for task in (await site.get("/status"))["tasks"] if task["name"].startswith("telegram")]
    assert polled == ["telegram:1" for channel in channels if channel["has_token"]]


async def test_a_site_that_knows_no_relay_says_what_is_missing_for_a_link(site: RunningSite) -> None:
    status, answer = await site.call("POST", "/channels/connect", {})

    assert (status, answer["error"]["code"]) == (409, "refused")
    assert "ONSITE_RELAY_URL" in answer["error"]["message"]
