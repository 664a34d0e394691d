"""`relay site remove`."""

import json
from collections.abc import Callable

import pytest

from tests.support.commands import Ended

Ask = Callable[..., Ended]


@pytest.fixture
def site(ask: Ask) -> str:
    """Register a site at which nobody answers."""
    ask("site", "add", "acme", "http://127.0.0.1:1", "--allow-insecure", "--allow-network", "127.0.0.0/8")
    return "acme"


def test_an_unused_site_goes_without_a_question_and_its_name_rests(ask: Ask, site: str) -> None:
    assert ask("site", "remove", site) == Ended(0, "Site acme is removed, with no page, and nothing that waits.\n", "")
    again = ask("site", "add", site, "https://chat.example")

    assert (again.code, "was removed just now" in again.err) == (1, True)
    assert ask("site", "remove", site).code == 1


def test_a_used_site_is_kept_with_the_words_that_help(ask: Ask, site: str) -> None:
    ask("bind", "22", site)
    ended = ask("site", "remove", site)

    assert ended.code == 1
    assert "it has pages (22): `relay unbind PAGE`" in ended.err
    assert json.loads(ask("site", "show", site, "--json").out)["pages"] == ["22"]


def test_forced_without_a_terminal_it_wants_yes_and_then_says_what_went(ask: Ask, site: str) -> None:
    ask("bind", "22", site)
    unasked = ask("site", "remove", site, "--force")
    ended = ask("site", "remove", site, "--force", "--yes", "--json")

    assert (unasked.code, "--yes with --force does it" in unasked.err) == (2, True)
    assert json.loads(ended.out) == {
        "name": "acme",
        "pages": [{"page_id": "22", "still_subscribed": ""}],
        "dropped": 0,
        "dead_dropped": 0,
    }
    assert json.loads(ask("bindings", "--json").out) == []
