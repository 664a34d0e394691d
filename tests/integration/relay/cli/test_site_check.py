"""`relay site check`."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.support.commands import Ended
from tests.support.receiving_site import ReceivingSite
from tests.support.waiting import DEADLINE_S

Ask = Callable[..., Ended]
ALLOWED = ("--allow-insecure", "--allow-network", "127.0.0.0/8")


class SiteThread:
    """A site in a thread with a loop of its own: commands block, and so cannot share the test's."""

    def __init__(self) -> None:
        self.site = ReceivingSite("")
        self._up, self._loop, self._stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()), name="site")

    async def _serve(self) -> None:
        async with self.site:
            self._up.set()
            await self._stop.wait()

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        assert self._up.wait(DEADLINE_S)

    def stop(self) -> None:
        """Listen no more."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def site(ask: Ask) -> Iterator[ReceivingSite]:
    """Register a site that listens."""
    thread = SiteThread()
    thread.start()
    added = json.loads(ask("site", "add", "acme", thread.site.url, *ALLOWED, "--json").out)
    thread.site.secret = added["secret"]
    yield thread.site
    thread.stop()


def test_a_site_that_takes_the_push_ends_with_0(ask: Ask, site: ReceivingSite) -> None:
    ended, document = ask("site", "check", "acme"), ask("site", "check", "acme", "--json")

    assert (ended.code, ended.err, document.code) == (0, "", 0)
    assert f"{site.url}/relay/events took a signed, empty push" in ended.out
    assert "up; 0 events wait" in ended.out
    assert "Nothing failed." in ended.out
    found = json.loads(document.out)
    assert (found["reached"], found["code"], found["remedy"]) == (True, "reached", "")


def test_a_site_that_is_not_there_ends_with_1_and_what_to_do(ask: Ask) -> None:
    ask("site", "add", "acme", "http://127.0.0.1:1", *ALLOWED)
    ended, document = ask("site", "check", "acme"), ask("site", "check", "acme", "--json")

    assert (ended.code, document.code) == (1, 1)
    assert "127.0.0.1:1 does not take connections: Connection refused" in ended.out
    assert "→ ask the site's admin" in ended.out
    assert json.loads(document.out)["code"] == "no_connection"


def test_a_name_that_leads_to_an_address_that_is_not_allowed_names_the_command_that_allows_it(ask: Ask) -> None:
    ask("site", "add", "acme", "https://localhost")
    ended = ask("site", "check", "acme")

    assert ended.code == 1
    assert "`relay site change acme --allow-network" in " ".join(ended.out.split())


@pytest.mark.parametrize("name", ["nobody", "../status", "a b", "%2e%2e"])
def test_a_site_that_there_is_not_is_said_so(ask: Ask, name: str) -> None:
    ended = ask("site", "check", name)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err
