"""`POST /relay/events`: who may push, what is answered, and that an answer means a commit."""

import io
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql.database import FILE_NAME
from onsite.bootstrap import serving
from onsite.core.settings import OnsiteSettings
from shared.signing import sign
from shared.site_secret import new_site_secret
from shared.wire import EVENTS_PATH, MAX_BATCH_BYTES
from tests.integration.onsite.site import PSID, SECRET, RunningSite, batch, messenger_event, wire_event


async def count_of(site: RunningSite, table: str) -> int:
    with sqlite3.connect(site.settings.data_dir / FILE_NAME) as file:
        return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  our own name


async def test_a_signed_batch_is_accepted_and_its_messages_are_there(site: RunningSite) -> None:
    answer = await site.push_events(messenger_event("hello", mid="m1"), messenger_event("again", mid="m2"))

    assert answer == (200, {"accepted": 2})
    (conversation,) = (await site.get("/conversations"))["conversations"]
    found = (await site.get(f"/conversations/{conversation['id']}/messages"))["messages"]
    assert sorted(message["text"] for message in found) == ["again", "hello"]


async def test_the_same_batch_again_is_accepted_and_changes_nothing(site: RunningSite) -> None:
    for _ in range(3):
        assert await site.push_events(messenger_event("hello", mid="m1")) == (200, {"accepted": 1})

    assert (await count_of(site, "events"), await count_of(site, "messages")) == (1, 1)


async def test_what_is_answered_is_committed(site: RunningSite) -> None:
    """Another program that opens the file sees it at once: nothing waits for a later commit."""
    await site.push_events(messenger_event("hello", mid="m1"))

    assert await count_of(site, "messages") == 1


SIGNED = sign(batch([]), message_id="msg_1", timestamp_s=int(time.time()), secrets=[SECRET])


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        pytest.param({}, "is missing", id="none"),
        pytest.param(SIGNED | {"webhook-signature": "garbage"}, "no signature fits", id="garbage"),
        pytest.param(SIGNED | {"webhook-timestamp": "1"}, "check both clocks", id="long ago"),
        pytest.param(SIGNED | {"webhook-id": "msg_2"}, "no signature fits", id="another id"),
        pytest.param(
            sign(batch([]), message_id="msg_1", timestamp_s=int(time.time()), secrets=[new_site_secret()]),
            "no signature fits",
            id="another secret",
        ),
    ],
)
async def test_a_push_that_is_not_the_relays_is_refused(
    site: RunningSite, headers: dict[str, str], sentence: str
) -> None:
    async with site.http.post(site.url + EVENTS_PATH, data=batch([]), headers=headers) as answer:
        assert answer.status == 403
        assert sentence in (await answer.json())["error"]["message"]


async def test_a_changed_body_is_refused_before_anything_in_it_is_read(site: RunningSite) -> None:
    headers = sign(batch([]), message_id="msg_1", timestamp_s=int(time.time()), secrets=[SECRET])
    async with site.http.post(site.url + EVENTS_PATH, data=b"{not json", headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "body",
    [b"{not json", b"[]", b"\xff", b'{"type": "other", "version": 1, "site": "acme", "events": []}', b"[" * 100_000],
    ids=["no json", "no object", "no utf-8", "another type", "nested"],
)
async def test_an_authentic_body_that_is_no_batch_is_400(site: RunningSite, body: bytes) -> None:
    status, answer = await site.push(body)

    assert (status, answer["error"]["code"]) == (400, "malformed_batch")


async def test_a_batch_for_another_site_is_refused_in_words(site: RunningSite) -> None:
    status, answer = await site.push_events(messenger_event("hello", mid="m1"), site="globex")

    assert status == 403
    assert "for site 'globex', this is 'acme'" in answer["error"]["message"]
    assert await count_of(site, "events") == 0


async def test_a_body_beyond_the_limit_is_413_with_the_limit(site: RunningSite) -> None:
    body = io.BytesIO(b" " * (MAX_BATCH_BYTES + 1))
    async with site.http.post(site.url + EVENTS_PATH, data=body) as answer:
        assert answer.status == 413
        assert str(MAX_BATCH_BYTES) in (await answer.json())["error"]["message"]


async def test_a_body_that_hides_its_length_is_413_as_soon_as_it_is_known(site: RunningSite) -> None:
    async def endless() -> Any:
        for _ in range(2 + MAX_BATCH_BYTES // 2**16):
            yield b" " * 2**16

    async with site.http.post(site.url + EVENTS_PATH, data=endless()) as answer:
        assert answer.status == 413


async def test_events_that_break_the_contract_are_rejected_one_by_one(site: RunningSite) -> None:
    broken: Any = [{"id": "5-0", "page_id": 1122}, {"id": "5-1"}]

    status, answer = await site.push_events(messenger_event("hello", mid="m1"), *broken)

    assert (status, answer["accepted"]) == (200, 1)
    assert [rejection["id"] for rejection in answer["rejected"]] == ["5-0", "5-1"]


async def test_a_batch_with_an_event_that_a_receipt_could_not_name_is_refused_as_a_whole(site: RunningSite) -> None:
    no_object: Any = 17

    status, answer = await site.push_events(messenger_event("hello", mid="m1"), no_object)

    assert (status, answer["error"]["code"]) == (400, "malformed_batch")
    assert await count_of(site, "events") == 0


async def test_fields_and_kinds_of_a_later_relay_are_passed_over(site: RunningSite) -> None:
    event = wire_event({"some": "thing"}, kind="hologram") | {"new_field": 1}

    assert await site.push(batch([event], version=2, trace="abc")) == (200, {"accepted": 1})


async def test_the_worst_items_cost_only_themselves(site: RunningSite) -> None:
    nonsense = ["text", 7, None, {}, {"message": 5}, {"sender": {"id": "1"}}, {"message": {"text": "\u0000"}}]
    events = [wire_event(item, number=number) for number, item in enumerate(nonsense)]

    status, answer = await site.push_events(*events, messenger_event("fine", mid="m1"))

    assert (status, answer) == (200, {"accepted": len(nonsense) + 1})
    assert await count_of(site, "events") == len(nonsense) + 1
    (conversation,) = [
        each for each in (await site.get("/conversations"))["conversations"] if each["last_text"] == "fine"
    ]
    assert conversation["key"] == PSID


async def test_while_the_database_does_not_answer_it_is_503_and_nothing_is_lost(
    settings: OnsiteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    body = batch([messenger_event("hello", mid="m1")])
    headers = sign(body, message_id="msg_1", timestamp_s=int(time.time()), secrets=[SECRET])
    async with serving(settings) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        holder = sqlite3.connect(settings.data_dir / FILE_NAME, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        async with http.post(EVENTS_PATH, data=body, headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        holder.close()
        async with http.post(EVENTS_PATH, data=body, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {"accepted": 1})


async def test_a_site_without_a_relay_says_what_is_missing(settings: OnsiteSettings) -> None:
    alone = settings.model_copy(update={"site": None, "relay_secret": None})
    async with (
        serving(alone) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        http.post(EVENTS_PATH, data=b"{}") as answer,
    ):
        assert answer.status == 503
        assert "ONSITE_SITE and ONSITE_RELAY_SECRET" in (await answer.json())["error"]["message"]


async def test_no_text_of_a_message_reaches_the_log(
    site: RunningSite, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await site.push_events(
        messenger_event("my secret question", mid="m1"), wire_event({"message": "my secret nonsense"}, number=9)
    )
    captured = capsys.readouterr()

    assert "relay_batch_stored" in captured.out
    assert "secret" not in captured.out + captured.err + caplog.text


def test_the_samples_here_are_what_the_relay_writes() -> None:
    event = json.loads(batch([messenger_event("x", mid="m")]))["events"][0]

    assert set(event) == {"id", "page_id", "received_at", "kind", "payload"}
    assert Path(EVENTS_PATH).parts == ("/", "relay", "events")
