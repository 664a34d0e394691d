"""A person leaves: what they connected ends, what others or they themselves connected since does not."""

import asyncio
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from relay.core.deletion import Receipt, is_code
from relay.core.errors import PageNotBound, StoreUnavailable, WithdrawalUnfinished
from relay.core.page import PersonsPage
from relay.core.signed_request import SignedRequest
from relay.engine.page_connection import Disconnection
from relay.engine.withdrawals import AT_ONCE, DELETED, REMOVED, Withdrawals
from shared.errors import UserError
from tests.support.clock import ManualClock

ADA = "218471"
ASKED_S = 1_700_000_000
BEFORE_MS = (ASKED_S - 60) * 1000


class World:
    """The pages, who connected them, and the receipts."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, int]] = {}
        self.ended: list[tuple[str, str]] = []
        self.released: list[str] = []
        self.receipts: dict[str, Receipt] = {}
        self.trouble: dict[str, Exception] = {}
        self.logins = {ADA, "others"}
        self.running = self.most_at_once = 0

    async def disconnect(self, page_id: str, *, reason: str) -> Disconnection:
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if page_id in self.trouble:
            raise self.trouble[page_id]
        self.ended.append((page_id, reason))
        del self.pages[page_id]
        return Disconnection("acme", "")

    async def release(self, page_id: str) -> str:
        self.released.append(page_id)
        del self.pages[page_id]
        return ""

    async def of_person(self, user_id: str) -> Sequence[PersonsPage]:
        return [PersonsPage(page, at_ms) for page, (by, at_ms) in self.pages.items() if by == user_id]

    async def forget_person(self, user_id: str) -> None:
        self.logins.discard(user_id)

    async def keep(self, receipt: Receipt) -> None:
        self.receipts[receipt.code] = receipt

    async def find(self, code: str) -> Receipt | None:
        return self.receipts.get(code)


@pytest.fixture
def world() -> World:
    world = World()
    world.pages = {"1": (ADA, BEFORE_MS), "2": ("others", BEFORE_MS), "3": (ADA, BEFORE_MS), "4": ("", BEFORE_MS)}
    return world


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def withdrawals(world: World, clock: ManualClock) -> Withdrawals:
    return Withdrawals(world, world, world, world, app_secret=SecretStr("app-secret-example"), clock=clock)


def asked(user_id: str = ADA, at_s: int | None = ASKED_S) -> SignedRequest:
    return SignedRequest(user_id, at_s)


async def test_every_page_of_the_person_ends_and_none_of_others(withdrawals: Withdrawals, world: World) -> None:
    assert await withdrawals.deauthorize(asked()) == 2

    assert sorted(world.ended) == [("1", REMOVED), ("3", REMOVED)]
    assert sorted(world.pages) == ["2", "4"]


async def test_a_repeat_and_an_unknown_person_are_nothing_to_do(withdrawals: Withdrawals, world: World) -> None:
    await withdrawals.deauthorize(asked())

    assert await withdrawals.deauthorize(asked()) == 0
    assert await withdrawals.deauthorize(asked("nobody")) == 0
    assert len(world.ended) == 2


@pytest.mark.parametrize(
    ("connected_at_ms", "asked_at_s", "ends"),
    [
        pytest.param(ASKED_S * 1000 - 1, ASKED_S, True, id="connected before"),
        pytest.param(ASKED_S * 1000 + 999, ASKED_S, True, id="in the same second"),
        pytest.param(ASKED_S * 1000 + 1000, ASKED_S, False, id="connected anew: an old request is replayed"),
        pytest.param(ASKED_S * 1000 + 1000, None, True, id="a request that does not say when"),
    ],
)
async def test_a_request_reaches_what_was_connected_before_it(
    withdrawals: Withdrawals, world: World, connected_at_ms: int, asked_at_s: int | None, *, ends: bool
) -> None:
    world.pages = {"1": (ADA, connected_at_ms)}

    assert await withdrawals.deauthorize(asked(at_s=asked_at_s)) == int(ends)
    assert ("1" not in world.pages) == ends


async def test_what_an_interrupted_attempt_left_is_released(withdrawals: Withdrawals, world: World) -> None:
    world.trouble["1"] = PageNotBound("1")

    assert await withdrawals.deauthorize(asked()) == 2
    assert (world.released, sorted(world.pages)) == (["1"], ["2", "4"])


async def test_a_page_that_is_just_being_changed_keeps_the_others_from_nothing_and_is_confirmed_to_nobody(
    withdrawals: Withdrawals, world: World
) -> None:
    world.trouble["1"] = UserError("page 1 is just being changed")

    with pytest.raises(WithdrawalUnfinished, match="come again"):
        await withdrawals.erase(asked())

    assert world.ended == [("3", DELETED)]
    assert world.receipts == {}
    world.trouble.clear()
    await withdrawals.erase(asked())
    assert [page for page, _ in world.ended] == ["3", "1"]


async def test_a_store_that_is_away_is_an_error_and_no_receipt(withdrawals: Withdrawals, world: World) -> None:
    world.trouble["3"] = StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await withdrawals.erase(asked())
    assert world.receipts == {}


async def test_a_deletion_is_confirmed_when_it_is_done_and_can_be_looked_at(
    withdrawals: Withdrawals, world: World, clock: ManualClock
) -> None:
    receipt = await withdrawals.erase(asked())

    assert sorted(world.ended) == [("1", DELETED), ("3", DELETED)]
    assert is_code(receipt.code)
    assert receipt.completed_at_ms == round(clock() * 1000)
    assert await withdrawals.receipt(receipt.code) == receipt
    assert await withdrawals.receipt("a" * 32) is None


async def test_a_deletion_that_is_asked_for_again_has_one_receipt(withdrawals: Withdrawals, world: World) -> None:
    first, second = await withdrawals.erase(asked()), await withdrawals.erase(asked())

    assert (first.code, len(world.receipts)) == (second.code, 1)


async def test_of_many_pages_a_few_are_ended_at_a_time(withdrawals: Withdrawals, world: World) -> None:
    world.pages = {str(page): (ADA, BEFORE_MS) for page in range(40)}

    assert await withdrawals.deauthorize(asked()) == 40
    assert world.most_at_once == AT_ONCE


async def test_of_who_leaves_no_login_is_kept_that_was_under_way(world: World, withdrawals: Withdrawals) -> None:
    await withdrawals.erase(asked())

    assert world.logins == {"others"}
