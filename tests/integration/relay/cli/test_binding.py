"""`relay bind`, `relay unbind`, `relay bindings`."""

import json
from collections.abc import Callable

import pytest

from tests.support import facebook
from tests.support.commands import Ended
from tests.support.relay_thread import RelayThread

Ask = Callable[..., Ended]


@pytest.fixture
def site(ask: Ask) -> str:
    """Register a site at which nobody answers."""
    ask("site", "add", "acme", "http://127.0.0.1:1", "--allow-insecure", "--allow-network", "127.0.0.0/8")
    return "acme"


def test_binding_and_unbinding_say_what_happens_from_now_on(ask: Ask, site: str) -> None:
    assert ask("bind", "22", site) == Ended(0, "Page 22 is bound to acme.\n", "")
    assert ask("bindings").out.split() == ["PAGE", "SITE", "22", "acme"]
    assert ask("unbind", "22") == Ended(0, "Page 22 is no longer bound to acme. New messages wait at the relay.\n", "")
    assert ask("bindings").out == "No page is bound yet; `relay bind PAGE_ID SITE` binds one.\n"


def test_as_json_each_prints_one_document(ask: Ask, site: str) -> None:
    assert json.loads(ask("bind", "22", site, "--json").out) == {"page_id": "22", "site": "acme", "waiting_events": 0}
    assert json.loads(ask("bindings", "--json").out) == [{"page_id": "22", "site": "acme"}]
    assert json.loads(ask("unbind", "22", "--json").out) == {"page_id": "22", "site": "acme"}
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
        (["bind", "33", "acme"], "relay: page 33 is bound to beta; `relay unbind 33` first"),
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
