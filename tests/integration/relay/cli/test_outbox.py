"""`relay outbox …`."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import redis as sync_redis
import typer

from relay.cli import outbox_changes, outbox_steps
from relay.core import keys
from shared.api_client import ApiClient
from tests.support import facebook
from tests.support.commands import Ended
from tests.support.relay_thread import RelayThread

Ask = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def client(redis_url: str) -> Iterator[sync_redis.Redis]:
    with sync_redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def site(ask: Ask) -> None:
    """Register a site that is paused, and bind a page."""
    ask("site", "add", "acme", "https://chat.acme.example")
    ask("site", "pause", "acme")
    ask("bind", "22", "acme")


@pytest.fixture
def ctrl_c_in_the_third_step(site: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))
    post = ApiClient.post

    def interrupted(self: ApiClient, path: str, body: dict[str, Any] | None = None) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return post(self, path, body)

    monkeypatch.setattr(ApiClient, "post", interrupted)


def put(client: sync_redis.Redis, *texts: str, stream: str = keys.outbox("acme"), page: str = "22") -> list[str]:
    """Put events into a stream, and return their ids."""
    ids: list[Any] = [
        client.xadd(stream, {"p": page, "k": "messaging", "d": json.dumps({"text": text}), "why": "odd"})
        for text in texts
    ]
    return [entry_id.decode() for entry_id in ids]


def texts(client: sync_redis.Redis, stream: str = keys.outbox("acme")) -> list[str]:
    found: Any = client.xrange(stream)
    return [json.loads(fields[b"d"])["text"] for _, fields in found]


def rows(ended: Ended) -> list[list[str]]:
    """Return the cells of the printed rows, headings left out."""
    return [line.split() for line in ended.out.splitlines()[1:] if line]


class TestList:
    def test_where_nothing_is_it_says_so(self, ask: Ask) -> None:
        assert ask("outbox", "list").out == "Nothing waits, nothing is dead, and nothing was lost.\n"
        assert json.loads(ask("outbox", "list", "--json").out) == []

    def test_what_waits_for_whom_is_a_row_and_what_was_lost_a_sentence(
        self, ask: Ask, relay: RelayThread, client: sync_redis.Redis
    ) -> None:
        relay.webhook(facebook.messages("22", "a", "b"))
        relay.webhook(facebook.messages("33", "c"))
        client.hset(keys.losses("acme"), mapping={"age": "7", "age:ms": "1800000000000"})
        listed = ask("outbox", "list")

        assert [row[:3] for row in rows(listed)[:2]] == [["acme", "paused", "2"], ["page", "33", "(unclaimed)"]]
        assert "acme lost 7 events older than the limit of days; last at 2027-01-15T08:00:00.000Z." in listed.out
        assert "acme lost 7 events older than the limit of days" in ask("status").out

    def test_unclaimed_pages_are_listed_alone_with_how_long_they_are_kept(self, ask: Ask, relay: RelayThread) -> None:
        relay.webhook(facebook.messages("33", "c"))
        (page,) = json.loads(ask("outbox", "list", "--unclaimed", "--json").out)

        assert (page["site"], page["page_id"], page["waiting"], page["state"]) == (None, "33", 1, "unclaimed")
        assert page["kept_until"][:4] >= page["oldest_at"][:4]

    def test_an_outbox_that_is_nearly_full_says_what_happens_next(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, "a")
        client.hset(keys.delivery("acme"), "waiting_bytes", str(int(2 * 1024**3 * 0.9)))

        assert "acme is 90% full: receipts are no longer kept, and at 100% the oldest events go." in ask("status").out

    def test_more_outboxes_than_fit_into_one_answer_are_all_listed(self, ask: Ask, client: sync_redis.Redis) -> None:
        for number in range(250):
            put(client, "a", stream=keys.outbox(f"~{number}"))
            client.zadd(keys.BACKLOG, {f"~{number}": 0})

        assert len(json.loads(ask("outbox", "list", "--json").out)) == 250


class TestShow:
    def test_events_are_listed_without_what_they_say(self, ask: Ask, client: sync_redis.Redis) -> None:
        ids = put(client, "hello", "again")
        shown = ask("outbox", "show", "acme")

        assert [row[0] for row in rows(shown)] == ids
        assert "hello" not in shown.out
        assert "hello" not in ask("outbox", "show", "acme", "--json").out

    def test_what_they_say_is_shown_when_it_is_asked_for_and_cannot_drive_the_terminal(
        self, ask: Ask, client: sync_redis.Redis
    ) -> None:
        put(client, "hello \x1b[31m")
        shown = ask("outbox", "show", "acme", "--payload")

        assert '{"text": "hello ' in shown.out
        assert "\x1b[31m" not in shown.out

    def test_dead_letters_are_shown_with_their_reason(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, "a", stream=keys.dead("acme"))

        assert rows(ask("outbox", "show", "acme", "--dead"))[0][-1] == "odd"

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            pytest.param(["acme"], "Nothing waits for acme.\n", id="a site"),
            pytest.param(["33", "--unclaimed"], "Nothing waits for page 33.\n", id="a page"),
            pytest.param(["acme", "--dead"], "No event of acme is a dead letter.\n", id="dead letters"),
            pytest.param(["acme", "--since", "1h"], "No such event is here.\n", id="a choice"),
        ],
    )
    def test_where_nothing_is_it_says_of_what(self, ask: Ask, options: list[str], words: str) -> None:
        assert ask("outbox", "show", *options) == Ended(0, words, "")

    def test_as_many_are_listed_as_are_asked_for(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, *map(str, range(450)))
        some, all_of_them = ask("outbox", "show", "acme"), ask("outbox", "show", "acme", "--limit", "1000", "--json")

        assert len(rows(some)) == 50
        assert some.err == "warning: these are 50 of 450; --limit 450 lists all of them\n"
        assert ask("outbox", "show", "acme", "--json").err == some.err
        chosen = ask("outbox", "show", "acme", "--page", "22", "--json")
        assert chosen.err == "warning: there are more than these 50; --limit 500 lists more of them\n"
        assert len({event["id"] for event in json.loads(all_of_them.out)}) == 450

    def test_a_page_is_shown_that_nobody_claims(self, ask: Ask, relay: RelayThread) -> None:
        relay.webhook(facebook.messages("33", "c"))

        assert len(json.loads(ask("outbox", "show", "33", "--unclaimed", "--json").out)) == 1

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["nobody"], "there is no outbox nobody; `relay outbox list` shows"),
            (["a/../b"], "there is no outbox a/../b"),
            (["acme", "--unclaimed"], "there is no outbox ~acme"),
            (["acme", "--since", "noon"], "'noon' is no time: expected a time like"),
            (["acme", "--id", "5"], "'5' is no id of an event"),
        ],
    )
    def test_a_mistake_is_one_sentence_and_exit_code_1(self, ask: Ask, args: Sequence[str], words: str) -> None:
        ended = ask("outbox", "show", *args)

        assert (ended.code, ended.out) == (1, "")
        assert words in ended.err


class TestDrop:
    def test_a_dry_run_says_what_would_go_and_nothing_goes(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, "a", "b")
        ended = ask("outbox", "drop", "acme", "--dry-run")

        assert ended == Ended(0, "2 waiting events of acme (26 B) would be dropped.\n", "")
        assert texts(client) == ["a", "b"]

    def test_without_a_person_to_ask_it_does_nothing(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, "a")
        ended = ask("outbox", "drop", "acme")

        assert (ended.code, ended.out) == (2, "")
        assert "--yes does it, --dry-run says what it would do" in ended.err
        assert texts(client) == ["a"]

    @pytest.mark.parametrize("answer", [True, False])
    def test_a_person_is_asked(
        self, ask: Ask, client: sync_redis.Redis, monkeypatch: pytest.MonkeyPatch, *, answer: bool
    ) -> None:
        put(client, "a", "b")
        asked: list[str] = []

        def confirm(question: str, *, abort: bool) -> None:
            asked.append(question)
            if not answer and abort:
                raise typer.Abort

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(typer, "confirm", confirm)
        ended = ask("outbox", "drop", "acme")

        assert asked == ["Drop 2 waiting events of acme for good?"]
        assert (ended.code, texts(client)) == ((0, []) if answer else (1, ["a", "b"]))

    def test_what_is_dropped_is_gone_counted_and_shown_as_lost(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, *map(str, range(1200)))
        ended = ask("outbox", "drop", "acme", "--yes")

        assert ended == Ended(0, "1200 waiting events of acme (17.7 KiB) were dropped.\n", "")
        assert texts(client) == []
        assert re.search(r"acme lost 1200 events dropped by an operator; last at 20", ask("status").out)

    def test_one_event_a_page_or_a_stretch_of_time_are_chosen(self, ask: Ask, client: sync_redis.Redis) -> None:
        first, *_ = put(client, "a", "b")
        put(client, "c", page="33")
        ask("outbox", "drop", "acme", "--id", first, "--yes")
        assert texts(client) == ["b", "c"]
        ask("outbox", "drop", "acme", "--page", "33", "--yes")
        assert texts(client) == ["b"]
        ended = ask("outbox", "drop", "acme", "--until", "1h", "--yes", "--json")
        assert texts(client) == ["b"]

        assert json.loads(ended.out)["chosen"] == 0
        assert ask("outbox", "drop", "acme", "--since", "1h", "--yes").code == 0
        assert texts(client) == []

    def test_what_comes_after_the_question_is_not_touched(
        self, ask: Ask, client: sync_redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(client, "a")
        monkeypatch.setattr(outbox_changes, "confirm", lambda _question, **_: put(client, "b"))
        ask("outbox", "drop", "acme")

        assert texts(client) == ["b"]

    def test_dead_letters_and_unclaimed_pages_are_dropped_apart(self, ask: Ask, client: sync_redis.Redis) -> None:
        for stream in (keys.outbox("acme"), keys.dead("acme"), keys.outbox("~33")):
            put(client, "a", stream=stream)
        ask("outbox", "drop", "acme", "--dead", "--yes")
        ended = ask("outbox", "drop", "33", "--unclaimed", "--yes")

        assert "1 waiting event of page 33 (unclaimed)" in ended.out
        assert [client.xlen(each) for each in (keys.outbox("acme"), keys.dead("acme"), keys.outbox("~33"))] == [1, 0, 0]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["drop", "acme", "--yes"], "Nothing to drop."),
        (["drop", "acme", "--dead", "--dry-run"], "Nothing to drop."),
        (["replay", "acme"], "Nothing to replay."),
        (["set-aside", "acme", "--page", "22"], "Nothing to set aside."),
    ],
)
def test_where_nothing_is_to_be_done_it_says_so(ask: Ask, command: list[str], sentence: str) -> None:
    assert ask("outbox", *command) == Ended(0, sentence + "\n", "")


class TestInFlight:
    @pytest.fixture
    def on_its_way(self, client: sync_redis.Redis) -> list[str]:
        """Let two of three events be on their way to the site."""
        ids = put(client, "a", "b", "c")
        client.set(keys.lease("acme"), "t1", px=60_000)
        client.hset(keys.delivery("acme"), "flight_to", ids[1])
        return ids

    def test_they_are_waited_for_and_dropped_when_they_come_back(
        self, ask: Ask, client: sync_redis.Redis, on_its_way: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(time, "sleep", lambda _s: client.delete(keys.lease("acme")))
        ended = ask("outbox", "drop", "acme", "--id", on_its_way[0], "--yes")

        assert ended == Ended(0, "1 waiting event of acme (13 B) was dropped.\n", "")
        assert texts(client) == ["b", "c"]

    @pytest.mark.usefixtures("on_its_way")
    def test_after_a_while_they_are_left_alone_and_that_is_said(
        self, ask: Ask, client: sync_redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outbox_steps, "WAIT_FOR_FLIGHT_S", 0.0)
        ended = ask("outbox", "drop", "acme", "--yes")

        assert ended.code == 1
        assert "1 waiting event of acme (13 B) was dropped." in ended.out
        assert "2 more are on their way to the site at this moment" in ended.out
        assert texts(client) == ["a", "b"]


class TestReplayAndSetAside:
    def test_what_is_set_aside_is_a_dead_letter_and_replayed_it_stands_at_the_end(
        self, ask: Ask, client: sync_redis.Redis
    ) -> None:
        first, *_ = put(client, "a", "b")
        ended = ask("outbox", "set-aside", "acme", "--id", first, "--reason", "the firewall")
        assert ended == Ended(0, "1 waiting event of acme (13 B) is a dead letter now.\n", "")
        (letter,) = json.loads(ask("outbox", "show", "acme", "--dead", "--json").out)
        assert (letter["reason"], letter["waited_as"]) == ("set aside by an operator: the firewall", first)
        ended = ask("outbox", "replay", "acme", "--dead", "--id", letter["id"])

        assert ended == Ended(0, "1 dead letter of acme (13 B) is on its way.\n", "")
        assert texts(client) == ["b", "a"]

    def test_a_dry_run_of_either_changes_nothing(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, "a")
        put(client, "x", stream=keys.dead("acme"))

        assert "1 dead letter of acme (13 B) would be replayed." in ask("outbox", "replay", "acme", "--dry-run").out
        aside = ask("outbox", "set-aside", "acme", "--page", "22", "--dry-run")
        assert "1 waiting event of acme (13 B) would be set aside." in aside.out
        assert (texts(client), texts(client, keys.dead("acme"))) == (["a"], ["x"])

    def test_to_set_aside_everything_is_not_what_anybody_means(self, ask: Ask) -> None:
        ended = ask("outbox", "set-aside", "acme")

        assert (ended.code, ended.out) == (2, "")
        assert "say which events" in ended.err


class TestReplayOfAPageThatWasBoundMeanwhile:
    def test_its_dead_letters_go_to_its_site(self, ask: Ask, relay: RelayThread, client: sync_redis.Redis) -> None:
        relay.webhook(facebook.messages("33", "hello"))
        ask("outbox", "set-aside", "33", "--unclaimed")
        ask("bind", "33", "acme")
        ended = ask("outbox", "replay", "33", "--unclaimed")

        assert (ended.code, client.xlen(keys.outbox("acme"))) == (0, 1)
        assert (client.xlen(keys.outbox("~33")), client.xlen(keys.dead("~33"))) == (0, 0)

    def test_while_the_page_is_being_changed_a_sentence_says_so(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, "a", stream=keys.dead("~33"), page="33")
        seconds, _ = client.time()
        client.hset(keys.CHANGES, "33", f"{seconds * 1000} t1 bind acme 1")
        ended = ask("outbox", "replay", "33", "--unclaimed")

        assert ended.code == 1
        assert "page 33 is just being changed (bind acme); try again in some seconds" in ended.err
        assert client.xlen(keys.dead("~33")) == 1


class TestInterrupted:
    @pytest.mark.usefixtures("ctrl_c_in_the_third_step")
    def test_it_says_how_far_it_came_and_the_same_command_goes_on(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, *map(str, range(1500)), stream=keys.dead("acme"))
        ended = ask("outbox", "replay", "acme")
        assert (ended.code, ended.out) == (130, "")
        assert "interrupted: 1000 events were replayed so far; the same command goes on with the rest" in ended.err
        ended = ask("outbox", "replay", "acme")

        assert ended.code == 0
        assert texts(client) == [str(number) for number in range(1500)]

    @pytest.mark.usefixtures("ctrl_c_in_the_third_step")
    def test_while_it_only_counts_it_says_that_nothing_was_changed(self, ask: Ask, client: sync_redis.Redis) -> None:
        put(client, *map(str, range(1500)))
        ended = ask("outbox", "drop", "acme", "--yes")

        assert (ended.code, ended.err) == (130, "relay: interrupted; nothing was changed\n")
        assert client.xlen(keys.outbox("acme")) == 1500
