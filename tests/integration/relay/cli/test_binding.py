"""`relay bind`, `relay unbind`, `relay bindings`."""

import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import redis as sync_redis
from rich.console import Console

from relay.cli import bind_progress
from relay.core import keys
from relay.core.audit_state import LOCKED, AuditState, Death
from relay.engine.audit_requests import FIRST_OF_ALL_MS
from shared import progress
from tests.support import facebook
from tests.support.commands import Ended
from tests.support.relay_thread import RelayThread
from tests.support.waiting import process_did

Ask = Callable[..., Ended]
NOT_AUDITED = {"subscribed": None, "audited_at": None, "trouble": "", "token_dead_since": None}


@pytest.fixture
def site(ask: Ask) -> str:
    """Register a site at which nobody answers."""
    ask("site", "add", "acme", "http://127.0.0.1:1", "--allow-insecure", "--allow-network", "127.0.0.0/8")
    return "acme"


def test_binding_and_unbinding_say_what_happens_from_now_on(ask: Ask, site: str) -> None:
    assert ask("bind", "22", site) == Ended(0, "Page 22 is bound to acme.\n", "")
    assert ask("bindings").out.splitlines()[-1].split() == ["22", "acme", "unknown"]
    assert ask("unbind", "22") == Ended(
        0, "Page 22 is no longer bound to acme. What still comes for it waits at the relay.\n", ""
    )
    assert ask("bindings").out == "No page is bound yet; `relay bind PAGE_ID SITE` binds one.\n"


def test_as_json_each_prints_one_document(ask: Ask, site: str) -> None:
    assert json.loads(ask("bind", "22", site, "--json").out) == {
        "page_id": "22",
        "site": "acme",
        "subscribed": False,
        "waiting_events": 0,
    }
    assert json.loads(ask("bindings", "--json").out) == [{"page_id": "22", "site": "acme"} | NOT_AUDITED]
    assert json.loads(ask("unbind", "22", "--json").out) == {
        "page_id": "22",
        "site": "acme",
        "still_subscribed": "",
    }
    assert json.loads(ask("bindings", "--json").out) == []


@pytest.mark.parametrize(
    ("mids", "sentence"),
    [
        pytest.param(["a"], "1 waiting event is on its way.", id="one"),
        pytest.param(["a", "b"], "2 waiting events are on their way.", id="several"),
    ],
)
def test_what_waited_for_the_page_is_told(
    ask: Ask, site: str, relay: RelayThread, mids: list[str], sentence: str
) -> None:
    assert relay.webhook(facebook.messages("22", *mids)) == 200

    assert ask("bind", "22", site).out == f"Page 22 is bound to acme. {sentence}\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["bind", "acme", "acme"], "relay: 'acme' is no page id: a page's id is digits only"),
        (["bind", "22", "nobody"], "relay: there is no site named nobody; `relay site list`"),
        (["bind", "33", "acme"], "relay: page 33 is bound to beta; add --move to have beta hand it over"),
        (["unbind", "22"], "relay: page 22 is not bound; `relay bindings` lists those that are"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(ask: Ask, site: str, args: list[str], words: str) -> None:
    ask("site", "add", "beta", "https://beta.example")
    ask("bind", "33", "beta")
    ended = ask(*args)

    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1


class TestMoving:
    @pytest.fixture
    def beta(self, ask: Ask, site: str) -> str:
        """Register another site, and bind a page to the first one."""
        ask("site", "add", "beta", "https://beta.example")
        ask("bind", "22", site)
        return "beta"

    def test_it_says_who_handed_the_page_over_and_that_the_new_site_lacks_a_token(self, ask: Ask, beta: str) -> None:
        ended = ask("bind", "22", beta, "--move")

        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("Page 22 is bound to beta, handed over by acme.")
        assert "`relay bind 22 beta --page-token-file -` hands one over" in " ".join(ended.out.split())
        assert ask("bindings").out.splitlines()[-1].split() == ["22", "beta", "unknown"]

    @pytest.mark.parametrize(
        ("in_flight", "words"),
        [
            pytest.param(1, "1 event of the page stays with acme, which may have been sent it already", id="one"),
            pytest.param(2, "2 events of the page stay with acme, which may have been sent them already", id="several"),
        ],
    )
    def test_it_says_what_stays_with_the_old_site_and_how_to_see_it(
        self, ask: Ask, beta: str, redis_url: str, in_flight: int, words: str
    ) -> None:
        ask("site", "pause", "acme")
        with sync_redis.Redis.from_url(redis_url) as client:
            ids = [client.xadd(keys.outbox("acme"), {"p": "22", "k": "messaging", "d": "1"}) for _ in range(3)]
            client.hset(keys.delivery("acme"), "flight_to", ids[in_flight - 1])
        told = " ".join(ask("bind", "22", beta, "--move").out.split())

        assert words in told
        assert "`relay outbox show acme --page 22` lists" in told
        assert ("1 waiting event is" if in_flight == 2 else "2 waiting events are") in told

    def test_as_json_it_is_one_document(self, ask: Ask, beta: str) -> None:
        assert json.loads(ask("bind", "22", beta, "--move", "--json").out) == {
            "page_id": "22",
            "site": "beta",
            "subscribed": False,
            "waiting_events": 0,
            "moved_from": "acme",
            "staying_events": 0,
            "token_handed_over": False,
        }

    def test_a_page_that_nobody_has_is_bound_as_ever(self, ask: Ask, beta: str) -> None:
        assert ask("bind", "33", beta, "--move") == Ended(0, "Page 33 is bound to beta.\n", "")


class TestMuchThatWaited:
    @pytest.fixture
    def waiting(self, redis_url: str) -> int:
        """Let many events wait for a page that nobody claims."""
        with sync_redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=False) as pipeline:
            for number in range(3000):
                pipeline.xadd(keys.outbox("~22"), {"p": "22", "k": "messaging", "d": str(number)})
            return len(pipeline.execute())

    def test_it_is_moved_while_a_person_sees_how_far_it_is(
        self, ask: Ask, site: str, waiting: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = io.StringIO()
        monkeypatch.setattr(progress, "err", Console(file=shown, force_terminal=True, width=100))
        monkeypatch.setattr(bind_progress, "LOOK_EVERY_S", 0.001)
        ended = ask("bind", "22", site)

        assert ended == Ended(0, f"Page 22 is bound to acme. {waiting} waiting events are on their way.\n", "")
        assert "moving what waited" in shown.getvalue()
        assert json.loads(ask("site", "show", site, "--json").out)["delivery"]["waiting"] == waiting

    @pytest.mark.usefixtures("waiting")
    def test_interrupted_it_says_that_the_relay_goes_on_and_it_does(
        self, ask: Ask, site: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as ctrl_c:
            ctrl_c.setattr(bind_progress._Bind, "join", interrupted)
            ended = ask("bind", "22", site)

        assert (ended.code, ended.out) == (130, "")
        assert "interrupted; the relay goes on with it: `relay outbox show 22 --unclaimed` shows" in ended.err
        process_did(lambda: json.loads(ask("outbox", "list", "--unclaimed", "--json").out) == [])


CHANGED = "The password of the Facebook account was changed: connect the page again."


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        pytest.param({"death": Death(0, CHANGED, 190, 460)}, CHANGED, id="a dead token"),
        pytest.param({"locked": LOCKED}, LOCKED, id="one that no key opens"),
    ],
)
def test_a_page_in_trouble_is_told_in_words(
    ask: Ask, site: str, redis_url: str, trouble: dict[str, Any], reason: str
) -> None:
    ask("bind", "22", site)
    state = AuditState(site, 0, 0, asked_at_ms=1_800_000_000_000, subscribed=True, **trouble)
    with sync_redis.Redis.from_url(redis_url) as client:
        client.hset(keys.AUDITS, "22", msgspec.json.encode(state))

    listed = " ".join(ask("bindings").out.split())
    assert "22 acme yes 2027-01-15T08:00:00.000Z" in listed
    assert f"Page 22 of acme: {reason}" in ask("status").out


class TestAuditing:
    @pytest.fixture
    def page(self, ask: Ask, site: str, redis_url: str) -> str:
        """Have a page that was connected with a token."""
        ask("bind", "22", site)
        record = {"site": site, "name": "Acme", "sealed_token": "sealed", "connected_at_ms": 1}
        with sync_redis.Redis.from_url(redis_url) as client:
            client.hset(keys.PAGES, "22", json.dumps(record))
        return "22"

    def test_it_says_what_it_did_and_when_the_result_shows(self, ask: Ask, page: str, redis_url: str) -> None:
        ended = ask("bindings", "--audit", page)

        assert (ended.code, ended.err) == (0, "")
        told = " ".join(ended.out.split())
        assert told.startswith("Page 22 of acme is audited next, within 15 s unless audits are paused")
        assert told.endswith("`relay bindings` shows then what was found.")
        with sync_redis.Redis.from_url(redis_url) as client:
            assert client.zscore(keys.AUDIT_TIMES, page) == FIRST_OF_ALL_MS

    def test_as_json_it_is_one_document(self, ask: Ask, page: str) -> None:
        told = json.loads(ask("bindings", "--audit", page, "--json").out)

        assert told == {"page_id": "22", "site": "acme", "within_s": 15.0}

    @pytest.mark.parametrize(
        ("page", "words"),
        [
            pytest.param("33", "relay: page 33 is not bound; `relay bindings` lists those that are", id="not bound"),
            pytest.param("22", "`relay bind 22 acme --page-token-file -` connects it with one", id="without a token"),
            pytest.param("a/b", "relay: 'a/b' is no page id: a page's id is digits only", id="no page id"),
        ],
    )
    def test_a_page_that_cannot_be_audited_is_one_sentence(self, ask: Ask, site: str, page: str, words: str) -> None:
        ask("bind", "22", site)
        ended = ask("bindings", "--audit", page)

        assert (ended.code, ended.out) == (1, "")
        assert words in ended.err
