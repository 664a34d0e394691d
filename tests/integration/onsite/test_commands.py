"""The commands, run as processes against a running site."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.graph import appsecret_proof
from tests.integration.onsite.command import Ended, run_onsite
from tests.integration.onsite.site import BOT_TOKEN, PAGE_ID, PAGE_TOKEN, PSID, RunningSite

Run = Callable[..., Awaitable[Ended]]


@pytest.fixture
def run(site: RunningSite, tmp_path: Path) -> Run:
    """Run a command against the site, in a folder without a `.env`."""
    env = {"ONSITE_DATA_DIR": str(site.settings.data_dir), "ONSITE_PORT": site.url.rpartition(":")[2]}

    async def run(*args: str, stdin: str = "", **more: str) -> Ended:
        return await run_onsite(*args, env=env | more, stdin=stdin, cwd=str(tmp_path))

    return run


@pytest.fixture
async def conversation(site: RunningSite) -> int:
    """Have a page with a token, on which a customer has written."""
    await site.call(
        "POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN, "name": "Acme"}
    )
    await site.graph.customer_says(PAGE_ID, PSID, "where is [my] parcel?")
    (only,) = (await site.get("/conversations"))["conversations"]
    return int(only["id"])


async def test_a_page_is_added_with_a_token_from_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text(PAGE_TOKEN + "\n")
    ended = await run("channel", "add", "facebook", PAGE_ID, "--name", "Acme", "--token-file", "token.txt")

    assert (ended.code, ended.out, ended.err) == (0, "Channel 1 is connected: facebook Acme.\n", "")


@pytest.mark.parametrize(
    ("stdin", "environment"),
    [
        pytest.param(BOT_TOKEN + "\n", {}, id="piped in"),
        pytest.param("", {"TELEGRAM_BOT_TOKEN": BOT_TOKEN}, id="environment"),
    ],
)
async def test_a_bot_is_added_with_a_token_that_stands_on_no_command_line(
    run: Run, stdin: str, environment: dict[str, str]
) -> None:
    ended = await run("channel", "add", "telegram", "--json", stdin=stdin, **environment)

    assert (ended.code, ended.document["name"], ended.document["state"]) == (0, "acme_bot", "ok")
    assert BOT_TOKEN not in ended.out + ended.err


async def test_a_page_is_added_with_its_proof(run: Run, site: RunningSite) -> None:
    proof = appsecret_proof(SecretStr(PAGE_TOKEN), SecretStr(site.graph.app_secret))
    environment = {"FACEBOOK_PAGE_TOKEN": PAGE_TOKEN, "FACEBOOK_APPSECRET_PROOF": proof.get_secret_value()}
    ended = await run("channel", "add", "facebook", PAGE_ID, **environment)

    assert (ended.code, ended.out) == (0, "Channel 1 is connected: facebook Acme.\n")


async def test_a_refused_token_ends_in_telegrams_words_and_no_traceback(run: Run, site: RunningSite) -> None:
    site.telegram.revoke_token(BOT_TOKEN)
    ended = await run("channel", "add", "telegram", stdin=BOT_TOKEN)

    assert ended.code == 1
    assert ended.err.startswith("onsite: Telegram refuses this token")
    assert ended.err.count("\n") == 1


async def test_no_token_at_all_is_said_with_the_ways_to_give_one(run: Run) -> None:
    ended = await run("channel", "add", "telegram")

    assert (ended.code, "no bot token was given: name a file, pipe it in, or set TELEGRAM_BOT_TOKEN" in ended.err) == (
        1,
        True,
    )


async def test_channels_are_listed_shown_and_removed(run: Run, conversation: int) -> None:
    listed, shown = await run("channel", "list"), await run("channel", "show", "1", "--json")
    removed = await run("channel", "remove", "1")
    after = await run("channel", "list")

    assert "facebook" in listed.out
    assert "Acme" in listed.out
    assert shown.document["external_id"] == PAGE_ID
    assert "conversations are kept" in removed.out
    assert "No channel yet" in after.out


async def test_conversations_and_messages_are_shown_as_they_are(run: Run, conversation: int) -> None:
    listed = await run("conversations")
    messages = await run("messages", str(conversation))
    as_json = await run("messages", str(conversation), "--json")

    for ended in (listed, messages):
        assert (ended.code, "where is [my] parcel?" in ended.out) == (0, True)
    assert [message["text"] for message in as_json.document["messages"]] == ["where is [my] parcel?"]


async def test_older_pages_are_one_command_away(run: Run, site: RunningSite, conversation: int) -> None:
    await site.graph.customer_says(PAGE_ID, PSID, "still waiting")

    newest = await run("messages", str(conversation), "--limit", "1")
    older = newest.out.splitlines()[0].removeprefix("Older ones: onsite ").split()
    ended = await run(*older, "--limit", "1")

    assert "still waiting" in newest.out
    assert "parcel" in ended.out


@pytest.mark.parametrize("text", ["On its way", "-"], ids=["argument", "standard input"])
async def test_a_reply_that_is_waited_for_ends_with_sent(
    run: Run, site: RunningSite, conversation: int, text: str
) -> None:
    ended = await run("reply", str(conversation), text, "--wait", stdin="On its way\n")

    assert (ended.code, ended.out) == (0, "Message 2 is sent.\n")
    assert [said.text for said in site.graph.sent] == ["On its way"]
    await site.graph.settled()


async def test_a_reply_that_is_not_waited_for_is_queued(run: Run, site: RunningSite, conversation: int) -> None:
    ended = await run("reply", str(conversation), "On its way")

    assert (ended.code, ended.out) == (
        0,
        f"Message 2 is queued; `onsite messages {conversation}` shows what becomes of it.\n",
    )
    await site.settled(2)
    await site.graph.settled()


async def test_a_reply_that_fails_ends_with_3_and_the_reason(run: Run, site: RunningSite, conversation: int) -> None:
    site.graph.kill_token(PAGE_TOKEN)
    ended = await run("reply", str(conversation), "hi", "--wait")
    as_json = await run("reply", str(conversation), "hi", "--wait", "--json")

    assert ended.code == 3
    assert ended.err.startswith("onsite: message 2 is failed: ")
    assert (as_json.code, as_json.document["state"]) == (3, "failed")


async def test_a_reply_whose_answer_is_lost_ends_with_4_and_is_settled_by_hand(
    run: Run, site: RunningSite, conversation: int
) -> None:
    site.graph.echoes = False
    site.graph.faults.lose_answer("messages")
    ended = await run("reply", str(conversation), "hi", "--wait")
    before = await run("status")
    settled = await run("settle", "2", "sent")
    again = await run("settle", "2", "sent")

    assert ended.code == 4
    assert "1 unknown" in before.out
    assert "onsite settle MESSAGE sent|failed" in before.out
    assert (settled.code, settled.out) == (0, "Message 2 is sent.\n")
    assert (again.code, "only what is unknown can be settled" in again.err) == (1, True)


async def test_a_reply_that_takes_longer_than_one_cares_to_wait_ends_with_5(
    run: Run, site: RunningSite, conversation: int
) -> None:
    release = site.graph.faults.hold("messages")
    ended = await run("reply", str(conversation), "hi", "--wait", "--wait-s", "0.2")
    release.set()
    await site.settled(2)
    await site.graph.settled()

    assert ended.code == 5


async def test_a_text_that_is_too_long_is_refused_in_words(run: Run, conversation: int) -> None:
    ended = await run("reply", str(conversation), "-", stdin="x" * 2001)

    assert (ended.code, "2001 of 2000" in ended.err) == (1, True)


async def test_the_status_fits_on_one_screen(run: Run, conversation: int) -> None:
    ended, as_json = await run("status"), await run("status", "--json")

    assert "Relay: takes pushes for site acme; the last came 20" in ended.out
    assert "Replies: 0 queued, 0 on their way, 0 unknown." in ended.out
    assert as_json.document["site"] == "acme"


async def test_what_is_not_there_is_said_without_a_traceback(run: Run) -> None:
    ended = await run("messages", "7")

    assert (ended.code, ended.err) == (
        1,
        "onsite: there is no conversation 7; `onsite conversations` shows them\n",
    )


async def test_another_sites_token_is_said_to_be_one(run: Run) -> None:
    ended = await run("status", ONSITE_API_TOKEN="of-some-other-site-altogether")

    assert (ended.code, "does not accept this token" in ended.err) == (1, True)


async def test_a_site_that_is_not_running_is_said_with_how_to_start_it(run: Run) -> None:
    ended = await run("status", "--url", "http://127.0.0.1:9")

    assert (ended.code, "Start it with `onsite run`" in ended.err) == (1, True)


async def test_without_a_token_it_says_where_one_comes_from(run: Run, tmp_path: Path) -> None:
    ended = await run("status", "--data-dir", str(tmp_path / "nowhere"))

    assert (ended.code, "no API token is at hand" in ended.err) == (1, True)


async def test_json_is_one_document_and_nothing_else(run: Run, conversation: int) -> None:
    for command in (["conversations"], ["channel", "list"], ["status"], ["channel", "remove", "1"]):
        ended = await run(*command, "--json")
        assert (ended.code, ended.err) == (0, "")
        json.loads(ended.out)
