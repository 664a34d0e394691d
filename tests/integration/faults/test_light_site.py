"""The light site as a process: it verifies, commits before it answers, behaves as it is told, and leaves evidence."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from relay.adapters.push import HttpPush
from relay.adapters.push_sessions import PushSessions
from relay.core.delivery import Delivered, Failed, Gone, Refused, TooLarge, Verdict
from relay.core.outbox import Entry
from relay.core.permission import Permission
from relay.core.site import Site as SiteRecord
from shared.site_secret import new_site_secret
from tests.faults.processes.moods import Mood
from tests.faults.run.sites import LightSite
from tests.support.waiting import process_does
from tests.world.ports import free_port

HERE = Permission((ip_network("127.0.0.0/8"),), insecure=True)
SECRET, OTHER_SECRET = new_site_secret(), new_site_secret()


def entry(mid: str, number: int = 0) -> Entry:
    return Entry(f"1-{number}", "1122", "messaging", b'{"message":{"mid":"%b"}}' % mid.encode())


class Relay:
    """Pushes to one site as the product does."""

    def __init__(self, sessions: PushSessions, port: int) -> None:
        self.secret = SECRET
        self._url = f"http://127.0.0.1:{port}"
        self._sessions = sessions

    async def push(self, *entries: Entry) -> Verdict:
        """Push a batch; a client of its own each time, as the site's record is kept for some seconds."""

        async def record(name: str) -> SiteRecord:
            return SiteRecord(name, self._url, (self.secret,), 0, HERE)

        return await HttpPush(self._sessions, record).deliver("acme", entries)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[LightSite]:
    site = LightSite("acme", free_port(), tmp_path / "acme")
    site.prepare(SECRET.get_secret_value())
    await site.service.start()
    await process_does(site.listens)
    yield site
    await site.service.close()


@pytest.fixture
async def relay(site: LightSite) -> AsyncIterator[Relay]:
    async with PushSessions() as sessions:
        yield Relay(sessions, site.port)


async def over(site: LightSite, pushes: int) -> bool:
    """Whether so many pushes are over; a site writes that down when it has answered."""
    return sum(push.ended_at < float("inf") for push in site.pushes()) >= pushes


async def become(site: LightSite, relay: Relay, mood: Mood, value: str = "") -> Verdict:
    """Tell the mood; a pipe and a socket keep no order among them, so push until it shows."""
    site.become(mood, value)
    verdicts: list[Verdict] = []

    async def shows() -> bool:
        verdicts.append(await relay.push(entry("probe")))
        return verdicts[-1] != Delivered()

    await process_does(shows)
    return verdicts[-1]


async def test_what_it_answers_for_is_in_its_database_once_and_in_order(site: LightSite, relay: Relay) -> None:
    assert await relay.push(entry("a", 1), entry("b", 2)) == Delivered()
    assert await relay.push(entry("b", 2), entry("c", 3)) == Delivered()

    await process_does(lambda: over(site, 2))
    assert [row.mid for row in site.stored()] == ["a", "b", "c"]
    assert [(push.events, push.taken) for push in site.pushes()] == [
        ([("1-1", "a"), ("1-2", "b")], True),
        ([("1-2", "b"), ("1-3", "c")], True),
    ]


async def test_what_it_has_survives_its_death_and_its_pushes_too(site: LightSite, relay: Relay) -> None:
    await relay.push(entry("a"))
    await site.service.kill()
    assert isinstance(await relay.push(entry("b")), Failed)
    await site.service.start()
    await process_does(site.listens)
    assert await relay.push(entry("c")) == Delivered()

    assert [row.mid for row in site.stored()] == ["a", "c"]
    assert [push.events[0][1] for push in site.pushes()] == ["a", "c"]


async def test_a_wrong_signature_is_refused_and_told(site: LightSite, relay: Relay) -> None:
    relay.secret = OTHER_SECRET

    assert isinstance(await relay.push(entry("a")), Failed)
    assert site.bad_signatures() == 1
    assert site.stored() == []


async def test_what_it_does_not_want_it_refuses_for_good(site: LightSite, relay: Relay) -> None:
    verdict = await relay.push(entry("a", 1), entry("b.rejected", 2))

    assert isinstance(verdict, Delivered)
    assert [each.id for each in verdict.rejected] == ["1-2"]
    assert [row.mid for row in site.stored()] == ["a"]
    assert site.refused() == {"b.rejected"}


async def test_a_batch_with_what_a_filter_dislikes_never_reaches_it(site: LightSite, relay: Relay) -> None:
    assert isinstance(await relay.push(entry("a", 1), entry("b.blocked", 2)), Refused)
    assert await relay.push(entry("a", 1)) == Delivered()

    assert [row.mid for row in site.stored()] == ["a"]
    assert site.refused() == frozenset()


async def test_a_lost_answer_is_to_a_batch_that_is_there(site: LightSite, relay: Relay) -> None:
    assert isinstance(await become(site, relay, Mood.LOSES), Failed)
    assert isinstance(await relay.push(entry("a")), Failed)

    assert [row.mid for row in site.stored()] == ["probe", "a"]
    assert not site.pushes()[-1].taken


async def test_it_can_be_gone_or_narrow(site: LightSite, relay: Relay) -> None:
    assert await become(site, relay, Mood.GONE) == Gone()
    site.become(Mood.NARROW)

    async def narrow() -> bool:
        return await relay.push(*(entry(f"n{number}", number) for number in range(9))) == TooLarge()

    await process_does(narrow)
    assert await relay.push(entry("a")) == Delivered()


async def test_whoever_hangs_is_let_go_with_the_mood(site: LightSite, relay: Relay) -> None:
    site.become(Mood.HANGS)
    pushing = asyncio.ensure_future(relay.push(entry("a")))

    async def begun() -> bool:
        return bool(site.pushes())

    # The push is written down when it came; its end is not, as long as it hangs.
    await process_does(begun)
    if not pushing.done():
        assert site.pushes()[0].ended_at == float("inf")
        assert site.stored() == []
    site.become(Mood.FINE)
    await asyncio.wait_for(pushing, 10)


async def test_it_ends_with_whoever_started_it(site: LightSite) -> None:
    process = site.service._process
    assert process is not None
    assert process.stdin is not None
    site.service._unwanted.set()
    process.stdin.close()

    assert await asyncio.wait_for(process.wait(), 10) == 0
