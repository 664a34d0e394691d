"""What was said while nothing arrived is found, once, marked; what is beyond reach is reported."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.clock import iso_ms
from shared.page_events import KIND_GAP
from tests.integration.onsite.command import Ended, run_onsite
from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN, PSID, RunningSite, wire_event
from tests.simulators.graph.world import Said, new_mid
from tests.world.watching import eventually

NOWHERE = "http://127.0.0.1:1/webhook"
GRACE = "9002"


@pytest.fixture
async def site(site: RunningSite) -> RunningSite:
    """Have a page with a token, and a second customer."""
    await site.call(
        "POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN, "name": "Acme"}
    )
    site.graph.add_person(page_id=PAGE_ID, psid=GRACE, name="Grace Hopper")
    return site


async def unheard(site: RunningSite, *texts: str, psid: str = PSID) -> None:
    """Let a customer write while nothing gets through."""
    callback, site.graph.callback_url = site.graph.callback_url, NOWHERE
    for text in texts:
        await site.graph.customer_says(PAGE_ID, psid, text)
    site.graph.callback_url = callback


async def ask(site: RunningSite, *, since: str = "1h") -> dict[str, Any]:
    status, found = await site.call("POST", "/backfills", {"page_id": PAGE_ID, "since": since})
    assert status == 202, found
    return await ended(site, found["id"])


async def ended(site: RunningSite, backfill: int, state: str = "done") -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        seen: dict[str, Any] = await site.get(f"/backfills/{backfill}")
        return seen

    return await eventually(look, lambda seen: seen["state"] == state)


async def messages(site: RunningSite, psid: str = PSID) -> list[dict[str, Any]]:
    """Return what was said with a customer, oldest first."""
    for conversation in (await site.get("/conversations"))["conversations"]:
        if conversation["key"] == psid:
            found = await site.get(f"/conversations/{conversation['id']}/messages", limit=200)
            return list(reversed(found["messages"]))
    return []


def without_names(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what reading a conversation tells besides its messages."""
    return [message | {"author_name": ""} for message in said]


async def test_what_was_said_in_a_gap_is_there_once_and_marked(site: RunningSite) -> None:
    await site.graph.customer_says(PAGE_ID, PSID, "before")
    await unheard(site, "one", "two")
    await unheard(site, "three", psid=GRACE)
    await site.graph.customer_says(PAGE_ID, PSID, "after")
    now_ms = int(site.graph.world.said[-1].at * 1000)
    gap = {"from": iso_ms(now_ms - 60_000), "to": iso_ms(now_ms), "reason": "the relay was off"}
    await site.push_events(wire_event(gap, number=9, kind=KIND_GAP))
    (known,) = (await site.get("/backfills"))["backfills"]
    found = await ended(site, known["id"])

    assert (found["reason"], found["found"], found["threads"], found["missing"]) == ("the relay was off", 3, 2, 0)
    said = await messages(site)
    assert sorted((each["text"], each["backfilled"]) for each in said) == [
        ("after", False),
        ("before", False),
        ("one", True),
        ("two", True),
    ]
    assert [each["text"] for each in said if each["backfilled"]] == ["one", "two"]
    assert [(each["text"], each["author_name"]) for each in await messages(site, GRACE)] == [("three", "Grace Hopper")]


async def test_webhooks_that_come_later_tell_the_millisecond_and_repeated_backfills_change_nothing(
    site: RunningSite,
) -> None:
    await unheard(site, "one", "two")
    assert (await ask(site))["found"] == 2
    before = await messages(site)
    for answer in await site.graph.retry_undelivered():
        assert answer.accepted
    completed = await messages(site)
    moments = [datetime.fromisoformat(message["sent_at"]).timestamp() for message in completed]

    # The simulator looks at the clock once for the webhook and once for what it keeps.
    assert moments == pytest.approx([said.at for said in site.graph.world.said], abs=0.5)
    assert any(moment % 1 for moment in moments)
    assert [message | {"sent_at": ""} for message in completed] == [message | {"sent_at": ""} for message in before]
    assert (await ask(site))["found"] == 0
    assert await messages(site) == completed


async def test_our_own_replies_are_not_there_twice(site: RunningSite) -> None:
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    (conversation,) = (await site.get("/conversations"))["conversations"]
    _, sent = await site.call(
        "POST", f"/conversations/{conversation['id']}/replies", {"text": "good day", "client_id": "c1"}
    )
    assert (await site.settled(sent["id"]))["state"] == "sent"
    await site.graph.settled()
    before = await messages(site)

    assert (await ask(site))["found"] == 0
    assert without_names(await messages(site)) == without_names(before)


async def test_messages_behind_the_newest_twenty_are_reported_unless_they_are_here(site: RunningSite) -> None:
    for number in range(3):
        await site.graph.customer_says(PAGE_ID, PSID, f"heard {number}")
    await unheard(site, *(f"lost {number}" for number in range(25)))
    found = await ask(site)

    assert (found["found"], found["missing"], found["threads_beyond_reach"]) == (20, 5, 1)
    (thread,) = found["beyond_reach"]
    assert (thread["contact_key"], thread["missing"]) == (PSID, 5)
    (status,) = (await site.get("/status"))["backfills"]
    assert status == found
    marked = [each["text"] for each in await messages(site) if each["backfilled"]]
    assert marked == [f"lost {number}" for number in range(5, 25)]


async def test_what_was_said_outside_of_the_gap_is_left_alone(site: RunningSite) -> None:
    long_ago = time.time() - 10_000_000
    site.graph.world.say(Said(PAGE_ID, PSID, True, new_mid(), {"text": "long ago"}, long_ago))
    await unheard(site, "now")

    assert (await ask(site))["found"] == 1
    assert [each["text"] for each in await messages(site)] == ["now"]


async def test_a_dead_token_stops_it_and_another_lets_it_go_on(site: RunningSite) -> None:
    await unheard(site, "one")
    site.graph.kill_token(PAGE_TOKEN, subcode=460)
    status, asked = await site.call("POST", "/backfills", {"page_id": PAGE_ID, "since": "1h"})
    assert status == 202
    stopped = await ended(site, asked["id"], "stopped")

    assert "password of the Facebook account was changed" in stopped["sentence"]
    (channel,) = (await site.get("/channels"))["channels"]
    assert channel["state"] == "token_dead"
    token = site.graph.issue_token(PAGE_ID)
    await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": token})
    assert (await ended(site, asked["id"]))["found"] == 1


async def test_a_missing_permission_stops_it_with_facebooks_meaning(site: RunningSite) -> None:
    site.graph.refuse("permission_missing", page_id=PAGE_ID, times=None)
    _, asked = await site.call("POST", "/backfills", {"page_id": PAGE_ID, "since": "1h"})

    assert "permission on Facebook is missing" in (await ended(site, asked["id"], "stopped"))["sentence"]


async def test_a_page_without_a_token_says_what_to_do(site: RunningSite) -> None:
    site.graph.add_page("3344", name="Other", token="EAAother")
    gap = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}
    await site.push_events(wire_event(gap, number=9, kind=KIND_GAP, page_id="3344"))
    (known,) = (await site.get("/backfills"))["backfills"]

    assert "has no token here" in (await ended(site, known["id"], "stopped"))["sentence"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param({"page_id": "77", "since": "1h"}, 404, "page 77 is no channel", id="another page"),
        pytest.param({"page_id": PAGE_ID, "since": "soon"}, 422, "is no time", id="no time"),
        pytest.param(
            {"page_id": PAGE_ID, "since": "1h", "until": "2h"}, 422, "until lies before since", id="upside down"
        ),
        pytest.param({"page_id": PAGE_ID}, 422, "since must be a text", id="no beginning"),
    ],
)
async def test_what_cannot_be_read_is_refused_in_words(
    site: RunningSite, body: dict[str, str], status: int, words: str
) -> None:
    answered, answer = await site.call("POST", "/backfills", body)

    assert answered == status
    assert words in answer["error"]["message"]


async def test_the_calls_keep_to_facebooks_pace(site: RunningSite) -> None:
    """The simulated Facebook refuses a third call within a second; a refusal would be seen as a pause of a minute."""
    await unheard(site, *(f"lost {number}" for number in range(21)))
    found = await ask(site)

    assert (found["found"], found["missing"], found["sentence"]) == (20, 1, "")


@pytest.fixture
def command(site: RunningSite, tmp_path: Path) -> Callable[..., Awaitable[Ended]]:
    """Run `onsite backfill` for the page."""
    env = {"ONSITE_DATA_DIR": str(site.settings.data_dir), "ONSITE_PORT": site.url.rpartition(":")[2]}

    async def run(*args: str) -> Ended:
        return await run_onsite("backfill", "--page", PAGE_ID, *args, env=env, cwd=str(tmp_path))

    return run


async def test_the_command_waits_and_says_what_was_found(
    site: RunningSite, command: Callable[..., Awaitable[Ended]]
) -> None:
    await unheard(site, "one", "two")
    ended = await command("--since", "1h")

    assert (ended.code, ended.out) == (0, "2 messages found in 1 thread of page 1122.\n")
    again = await command("--since", "1h", "--json")
    assert (again.code, again.document["state"], again.document["found"]) == (0, "done", 0)


async def test_the_command_ends_with_4_and_a_table_when_messages_are_beyond_reach(
    site: RunningSite, command: Callable[..., Awaitable[Ended]]
) -> None:
    await unheard(site, *(f"lost {number}" for number in range(22)))
    ended = await command("--since", "1h")

    assert ended.code == 4
    assert "Beyond reach, at least: 2 messages in 1 thread." in ended.out
    assert PSID in ended.out.splitlines()[-1]


async def test_the_command_ends_with_3_when_it_cannot_go_on(
    site: RunningSite, command: Callable[..., Awaitable[Ended]]
) -> None:
    site.graph.kill_token(PAGE_TOKEN)
    ended = await command("--since", "1h")

    assert (ended.code, ended.out) == (3, "")
    assert "cannot go on: The password of the Facebook account was changed" in ended.err


async def test_status_says_in_words_what_is_beyond_reach_and_what_was_found(site: RunningSite, tmp_path: Path) -> None:
    await unheard(site, *(f"lost {number}" for number in range(25)))
    await ask(site)
    env = {"ONSITE_DATA_DIR": str(site.settings.data_dir), "ONSITE_PORT": site.url.rpartition(":")[2]}
    shown = " ".join((await run_onsite("status", env=env, cwd=str(tmp_path))).out.split())

    assert f"Backfill 1 of page {PAGE_ID}" in shown
    assert "done; 20 messages found. Beyond reach, at least: 5 messages in 1 thread." in shown
    assert "look for them in the page's own inbox" in shown
