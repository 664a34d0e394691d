"""A page is given back at the relay first, and then its channel says so, also when the first answer was lost."""

import pytest

from onsite.core.errors import ChannelNotFound, NotGivenBack
from onsite.core.given_back import REASON, GivenBack
from onsite.core.model import Platform
from onsite.engine.channels import Channel, ChannelRef, ChannelState
from onsite.engine.errors import StoreUnavailable, Unprocessable
from onsite.engine.giving_back import GivingBack


class World:
    """A relay and a store of channels that a test holds in its hands."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.answer: GivenBack | Exception = GivenBack(True)
        self.store_is_away = False
        self.known = [
            Channel(4, ChannelRef(Platform.TELEGRAM, "1122"), "bot", ChannelState.OK, "", has_token=True),
            Channel(7, ChannelRef(Platform.FACEBOOK, "1122"), "Acme", ChannelState.OK, "", has_token=True),
        ]
        self.giving_back = GivingBack(self, self, self)  # type: ignore[arg-type]  # ports, as far as they are used

    async def give_back(self, page_id: str) -> GivenBack:
        """Stand in for the relay."""
        self.told.append(("relay", page_id))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def page_disconnected(self, page_id: str, reason: str) -> None:
        """Stand in for the channels' admin."""
        if self.store_is_away:
            raise StoreUnavailable("away")
        self.told.append(("channel", page_id, reason))

    async def channels(self) -> list[Channel]:
        """Stand in for the store."""
        return self.known


@pytest.fixture
def world() -> World:
    return World()


async def test_the_relay_ends_it_first_and_the_page_s_channel_is_told(world: World) -> None:
    done = await world.giving_back.disconnect("1122")

    assert world.told == [("relay", "1122"), ("channel", "1122", REASON)]
    assert done.channel is not None
    assert (done.channel.id, done.given_back) == (7, GivenBack(True))


async def test_what_the_relay_does_not_take_back_changes_nothing_here(world: World) -> None:
    world.answer = NotGivenBack("the relay could not be asked")
    with pytest.raises(NotGivenBack):
        await world.giving_back.disconnect("1122")

    assert world.told == [("relay", "1122")]


async def test_interrupted_between_the_two_it_goes_on_when_it_is_asked_for_again(world: World) -> None:
    world.store_is_away = True
    with pytest.raises(StoreUnavailable):
        await world.giving_back.disconnect("1122")
    world.store_is_away, world.answer = False, GivenBack(False)
    done = await world.giving_back.disconnect("1122")

    assert done.given_back.was_ours is False
    assert world.told[-1] == ("channel", "1122", REASON)


async def test_a_page_without_a_channel_can_be_given_back_too(world: World) -> None:
    world.known = []

    assert (await world.giving_back.disconnect("1122")).channel is None


async def test_a_page_that_nobody_knows_is_said_so(world: World) -> None:
    world.answer = GivenBack(False)
    with pytest.raises(ChannelNotFound, match="page 3344"):
        await world.giving_back.disconnect("3344")


@pytest.mark.parametrize("page_id", ["", "1/2", "../acme", "11%2f22", "1122 ", "x", "١٢", "1" * 99, "11\n22"])
async def test_what_is_no_page_id_never_leaves_this_site(world: World, page_id: str) -> None:
    with pytest.raises(Unprocessable):
        await world.giving_back.disconnect(page_id)

    assert world.told == []


async def test_without_a_relay_there_is_nothing_to_give_back_to(world: World) -> None:
    with pytest.raises(NotGivenBack, match="no relay is set up"):
        await GivingBack(None, world, world).disconnect("1122")  # type: ignore[arg-type]  # as above
