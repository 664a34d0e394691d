"""Names of Messenger's customers: asked for once, slowly, and never in the way of a message."""

from collections import Counter

import pytest
from pydantic import SecretStr

from onsite.adapters.sql.profiles import SqlProfiles
from onsite.core.errors import FacebookError
from onsite.core.facebook.profile import FRESH_MS, UNTOLD_MS, Profile
from onsite.core.model import Platform
from onsite.engine.channels import ChannelRef, Credentials
from onsite.engine.pace import Pace
from onsite.engine.profiles import PAUSE_S, Profiles
from shared.graph import GraphTrouble
from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN, PSID, RunningSite
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said
from tests.support.clock import ManualClock
from tests.world.watching import eventually

OTHER_PAGE = ChannelRef(Platform.FACEBOOK, "3344")
TOKEN = Credentials(SecretStr("EAA"))


async def at_once(_: float) -> None:
    """Wait for nothing."""


class Names:
    """Meta, as far as it knows names; counts who was asked for."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.troubles: dict[str, GraphTrouble | None] = {}
        self.asked: Counter[str] = Counter()

    async def profile(self, psid: str, credentials: Credentials) -> Profile:
        """Tell what is known."""
        assert credentials == TOKEN
        self.asked[psid] += 1
        if psid in self.troubles:
            raise FacebookError("in Facebook's words", self.troubles[psid])
        return Profile(self.known.get(psid, ""))


class Desk:
    """Profiles over a real store."""

    def __init__(self, store: Store) -> None:
        self.store, self.names, self.clock = store, Names(), ManualClock()
        pace = Pace(1000.0, monotonic=self.clock, sleep=at_once)
        self.profiles = Profiles(SqlProfiles(store.database), store.channels, self.names, pace, clock=self.clock)

    async def writes(self, who: str, *, channel: ChannelRef = PAGE, number: int = 1) -> None:
        """Let a customer write now."""
        at = round(self.clock() * 1000)
        await self.store.take(event(f"m:{who}:{number}", said(f"{who}.{number}", who=who, at=at), channel=channel))

    async def all(self) -> dict[str, str]:
        """Ask until nobody is due, and return names by customer."""
        while await self.profiles.once():
            pass
        return {each.key: each.name for each in await self.store.reader.contacts(limit=50, before=None)}


@pytest.fixture
async def desk(store: Store) -> Desk:
    for page in (PAGE, OTHER_PAGE):
        await store.channels.save_channel(page, name="", credentials=TOKEN)
    return Desk(store)


@on_both_databases
async def test_a_name_is_asked_for_once_and_again_when_it_got_old_and_they_write(desk: Desk) -> None:
    desk.names.known = {"1": "Ada Lovelace"}
    await desk.writes("1")
    assert await desk.all() == {"1": "Ada Lovelace"}
    await desk.writes("1", number=2)
    await desk.all()
    assert desk.names.asked == {"1": 1}

    desk.clock.advance(FRESH_MS / 1000 + 60)
    await desk.all()
    assert desk.names.asked == {"1": 1}, "nobody asks for somebody who is silent"
    desk.names.known = {"1": "Ada King"}
    await desk.writes("1", number=3)
    assert await desk.all() == {"1": "Ada King"}


async def test_of_whom_nothing_is_told_stays_who_they_are_and_is_asked_for_a_week_later(desk: Desk) -> None:
    desk.names.troubles = {"2": GraphTrouble.PROFILE_HIDDEN, "3": GraphTrouble.BAD_PARAMETER}
    desk.names.known = {"4": "Grace Hopper"}
    for who in "1234":
        await desk.writes(who)

    assert await desk.all() == {"1": "", "2": "", "3": "", "4": "Grace Hopper"}
    assert desk.names.asked == dict.fromkeys("1234", 1)
    desk.clock.advance(UNTOLD_MS / 1000 + 1)
    desk.names.troubles, desk.names.known = {}, {"2": "Bo"}
    assert (await desk.all())["2"] == "Bo"
    assert desk.names.asked["4"] == 1


@pytest.mark.parametrize("trouble", [GraphTrouble.TOKEN_DEAD, GraphTrouble.THROTTLED, None])
async def test_a_page_in_trouble_is_left_alone_and_costs_the_others_nothing(
    desk: Desk, trouble: GraphTrouble | None
) -> None:
    desk.names.troubles, desk.names.known = {"1": trouble}, {"1": "Ada", "2": "Bo", "9": "Eve"}
    for who in "12":
        await desk.writes(who)
    await desk.writes("9", channel=OTHER_PAGE)

    assert await desk.all() == {"1": "", "2": "", "9": "Eve"}
    assert desk.names.asked == {"1": 1, "9": 1}
    desk.names.troubles = {}
    desk.clock.advance(PAUSE_S + 1)
    assert await desk.all() == {"1": "Ada", "2": "Bo", "9": "Eve"}


async def test_a_page_without_a_token_is_not_asked_for(store: Store) -> None:
    desk = Desk(store)
    await desk.writes("1")

    assert await desk.all() == {"1": ""}
    assert not desk.names.asked


async def test_telegrams_customers_and_guests_of_a_plugin_are_nobody_to_ask_for(desk: Desk) -> None:
    await desk.writes("1", channel=BOT)
    await desk.writes("user_ref:guest")

    await desk.all()
    assert not desk.names.asked


async def test_a_customers_name_shows_soon_after_they_wrote(site: RunningSite) -> None:
    await site.call(
        "POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN, "name": "Acme"}
    )
    await site.graph.customer_says(PAGE_ID, PSID, "hello")

    async def name() -> str:
        (only,) = (await site.get("/conversations"))["conversations"]
        return str(only["contact_name"])

    assert await eventually(name, bool) == site.graph.world.pages[PAGE_ID].people[PSID].name
