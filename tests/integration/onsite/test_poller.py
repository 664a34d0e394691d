"""Pollers over a real store: every update once, the offset only after the commit, trouble in words."""

import asyncio
import json
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import pytest
from pydantic import SecretStr

from onsite.core.errors import TelegramTrouble
from onsite.core.facebook.page import PageIdentity
from onsite.core.facebook.translate import translate_item
from onsite.core.telegram.translate import translate_update, update_id_of
from onsite.engine.bell import Bell
from onsite.engine.channel_admin import ChannelAdmin
from onsite.engine.channels import Channel, ChannelState, Credentials
from onsite.engine.errors import StoreUnavailable
from onsite.engine.inbox import Inbox
from onsite.engine.incoming import Applied, IncomingBatch
from onsite.engine.metrics import Metrics
from onsite.engine.poller import Poller
from onsite.engine.pollers import Pollers
from onsite.engine.polling import LONG_POLL_S
from shared.tasks import Supervisor
from shared.vault import Vault, new_master_key
from tests.integration.onsite.fakes import DEADLINE_S, FakeTelegram, SteeredTime, trouble
from tests.integration.onsite.store import BOT, PAGE, Store

TOKEN = SecretStr("987654:AAH4f-_abcdefghijklmnopqrstuvwxyz01")


def update(update_id: int, text: str = "hello") -> bytes:
    """Write an update as Telegram does."""
    message = {
        "message_id": update_id,
        "date": 1_763_806_800,
        "chat": {"id": 5001, "type": "private", "first_name": "Ada"},
        "from": {"id": 5001, "is_bot": False, "first_name": "Ada"},
        "text": text,
    }
    return json.dumps({"update_id": update_id, "message": message}).encode()


class NoFacebook:
    """Facebook, which nobody asks here."""

    async def identify(self, token: SecretStr, proof: SecretStr | None = None) -> PageIdentity:
        """Fail."""
        raise AssertionError(token, proof)


class Desk:
    """Pollers with everything around them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.telegram = FakeTelegram()
        self.time = SteeredTime()
        self.metrics = Metrics()
        self.supervisor = Supervisor(pauses_s=(0.0,))
        self.inbox = Inbox(
            store.inbox,
            translate_item=translate_item,
            translate_update=translate_update,
            update_id_of=update_id_of,
            bell=Bell(),
            metrics=self.metrics,
            clock=self.time.clock,
        )
        self.pollers = Pollers(self.supervisor, store.channels, self._new_poller)

    def _new_poller(self, channel: Channel, token: SecretStr) -> Poller:
        return Poller(
            channel,
            token,
            telegram=self.telegram,
            inbox=self.inbox,
            store=self.store.channels,
            metrics=self.metrics,
            sleep=self.time.sleep,
            jitter=lambda: 0.0,
        )

    def admin(self) -> ChannelAdmin:
        """Make the use cases of channels."""
        return ChannelAdmin(
            self.store.channels,
            self.pollers,
            facebook=NoFacebook(),
            telegram=self.telegram,
            on_credentials=AsyncMock(),
        )

    async def add(self) -> Channel:
        """Add the bot's channel without starting its poller."""
        return await self.store.channels.save_channel(BOT, name="", credentials=Credentials(TOKEN))

    async def start(self) -> None:
        """Start all pollers."""
        await self.pollers.start_all()

    async def caught_up(self) -> None:
        """Wait until the script is over and a poll waits."""
        await asyncio.wait_for(self.telegram.waiting.wait(), DEADLINE_S)

    async def health(self) -> tuple[ChannelState, str]:
        """Return the channel's state and sentence."""
        channel = await self.store.channels.channel(1)
        return channel.state, channel.sentence


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    desk = Desk(store)
    await desk.add()
    yield desk
    await desk.supervisor.close()


async def test_updates_are_stored_and_confirmed_only_by_the_next_poll(desk: Desk) -> None:
    desk.telegram.script = [[update(7, "one"), update(8, "two")], [update(9, "three")]]
    await desk.start()
    await desk.caught_up()

    assert await desk.store.texts() == ["one", "two", "three"]
    assert desk.telegram.polls == [(None, LONG_POLL_S), (9, LONG_POLL_S), (10, LONG_POLL_S)]


async def test_a_poller_goes_on_where_the_last_one_stopped(desk: Desk) -> None:
    desk.telegram.script = [[update(7)]]
    await desk.start()
    await desk.caught_up()
    await desk.pollers.stop(1)
    desk.telegram.waiting.clear()

    await desk.start()
    await desk.caught_up()

    assert desk.telegram.polls[-1] == (8, LONG_POLL_S)


async def test_updates_that_come_again_are_there_once(desk: Desk) -> None:
    desk.telegram.script = [[update(7, "one")], [update(7, "one"), update(8, "two")]]
    await desk.start()
    await desk.caught_up()

    assert await desk.store.texts() == ["one", "two"]


def press(update_id: int, query_id: str) -> bytes:
    """Write that a button was pressed."""
    message = {"message_id": 5, "date": 1_763_806_800, "chat": {"id": 5001, "type": "private"}}
    query = {"id": query_id, "from": {"id": 5001, "is_bot": False}, "message": message, "data": "yes"}
    return json.dumps({"update_id": update_id, "callback_query": query}).encode()


async def test_a_pressed_button_is_answered_once_the_press_is_stored(desk: Desk) -> None:
    desk.telegram.script = [[press(7, "q1"), update(8, "one"), press(9, "q2")], [update(10, "two")]]
    desk.telegram.too_old = {"q1"}
    await desk.start()
    await desk.caught_up()

    assert desk.telegram.answered == ["q1", "q2"]
    assert sorted(await desk.store.texts()) == ["", "", "one", "two"]
    assert await desk.health() == (ChannelState.OK, "")


async def test_an_update_that_cannot_be_read_is_quarantined_and_passed_by(desk: Desk) -> None:
    desk.telegram.script = [[update(7, "one"), b'{"update_id": 8, "message": {"chat": ', update(9, "three")]]
    await desk.start()
    await desk.caught_up()

    assert await desk.store.texts() == ["one", "three"]
    assert desk.telegram.polls[-1][0] == 10
    assert (await desk.store.reader.counts()).quarantined == 1


async def test_after_a_quiet_week_telegram_may_go_on_with_lower_numbers(desk: Desk) -> None:
    desk.telegram.script = [[update(900)], [update(5)]]
    await desk.start()
    await desk.caught_up()

    assert [offset for offset, _ in desk.telegram.polls] == [None, 901, 6]


async def test_updates_without_any_number_do_not_make_a_busy_loop(desk: Desk) -> None:
    desk.telegram.script = [[b'{"message": {}}']]
    await desk.start()
    await desk.time.asleep(0.5)

    state, sentence = await desk.health()
    assert (state, "carry no update_id" in sentence) == (ChannelState.UNREACHABLE, True)
    assert len(desk.telegram.polls) == 1


async def test_a_refused_token_stops_the_poller_and_says_what_to_do(desk: Desk) -> None:
    desk.telegram.script = [trouble(TelegramTrouble.TOKEN, "Unauthorized")]
    await desk.start()
    await ended(desk)

    state, sentence = await desk.health()
    assert state is ChannelState.TOKEN_REFUSED
    assert "Unauthorized" in sentence
    assert "@BotFather" in sentence
    assert TOKEN.get_secret_value() not in sentence


async def test_a_new_token_starts_the_poller_again_and_clears_the_sentence(desk: Desk) -> None:
    desk.telegram.script = [trouble(TelegramTrouble.TOKEN, "Unauthorized")]
    await desk.start()
    await ended(desk)

    await desk.pollers.refresh(await desk.add())
    await desk.caught_up()

    assert await desk.health() == (ChannelState.OK, "")


async def test_a_conflict_is_named_and_tried_again_every_30_seconds(desk: Desk) -> None:
    desk.telegram.script = [trouble(TelegramTrouble.CONFLICT, "Conflict: terminated by other getUpdates request"), []]
    await desk.start()
    await desk.time.asleep(30)
    state, sentence = await desk.health()
    assert state is ChannelState.CONFLICT
    assert "another program polls this bot" in sentence

    desk.time.advance(30)
    await desk.caught_up()

    assert await desk.health() == (ChannelState.OK, "")
    assert [timeout_s for _, timeout_s in desk.telegram.polls] == [LONG_POLL_S, 0, LONG_POLL_S]


async def test_trouble_that_goes_on_is_written_down_once(desk: Desk, statements: list[str]) -> None:
    desk.telegram.script = [trouble(TelegramTrouble.UNREACHABLE, "no route")] * 3
    await desk.start()
    for pause_s in (0.5, 1, 2):
        await desk.time.asleep(pause_s)
        desk.time.advance(pause_s)
    await desk.caught_up()

    assert sum(statement.startswith("UPDATE channels") for statement in statements) == 1


async def test_a_throttled_poller_waits_as_long_as_it_is_told(desk: Desk) -> None:
    desk.telegram.script = [trouble(TelegramTrouble.THROTTLED, "Too Many Requests", retry_after_s=17)]
    await desk.start()
    await desk.time.asleep(17)

    assert (await desk.health())[0] is ChannelState.THROTTLED


async def test_nothing_is_confirmed_while_the_database_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = desk.store.inbox.apply
    calls = 0

    async def fail_once(batch: IncomingBatch) -> Applied:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreUnavailable("the disk is full")
        return await apply(batch)

    monkeypatch.setattr(desk.store.inbox, "apply", fail_once)
    desk.telegram.script = [[update(7, "one")], [update(7, "one")]]
    await desk.start()
    await desk.caught_up()

    assert [offset for offset, _ in desk.telegram.polls] == [None, None, 8]
    assert await desk.store.texts() == ["one"]


async def test_an_idle_poll_writes_nothing(desk: Desk, statements: list[str]) -> None:
    desk.telegram.script = [[], [], []]
    await desk.start()
    await desk.caught_up()

    assert not [statement for statement in statements if statement.startswith(("INSERT", "UPDATE", "BEGIN IMM"))]


async def test_pages_are_not_polled_and_bots_without_a_token_neither(desk: Desk) -> None:
    await desk.store.channels.save_channel(PAGE, name="", credentials=Credentials(SecretStr("EAApage")))
    await desk.store.channels.remove_channel(1)
    await desk.start()

    assert desk.supervisor.health == {}


async def test_a_token_that_no_key_opens_is_said_and_not_polled_with(desk: Desk) -> None:
    desk.store.channels.vault = Vault([new_master_key()])
    await desk.start()
    await ended(desk)

    state, sentence = await desk.health()
    assert state is ChannelState.NO_TOKEN
    assert "master key" in sentence
    assert desk.telegram.polls == []


async def test_a_removal_that_the_database_refuses_leaves_the_channel_polled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = desk.admin()
    await desk.start()
    await desk.caught_up()
    desk.telegram.waiting.clear()

    with monkeypatch.context() as away:
        away.setattr(desk.store.channels, "remove_channel", unavailable)
        away.setattr(desk.store.channels, "credentials", unavailable)
        with pytest.raises(StoreUnavailable):
            await admin.remove(1)
    await desk.caught_up()

    assert (await desk.health())[0] is ChannelState.OK


async def test_a_channel_whose_health_could_not_be_written_is_polled_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = desk.admin()
    desk.telegram.identity = trouble(TelegramTrouble.UNREACHABLE)
    monkeypatch.setattr(desk.store.channels, "set_health", unavailable)

    with pytest.raises(StoreUnavailable):
        await admin.add_bot(TOKEN)

    await desk.caught_up()


async def test_a_channel_that_is_removed_while_the_site_starts_is_not_polled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = desk.admin()
    remove = desk.store.channels.remove_channel
    starts: list[asyncio.Task[None]] = []

    async def remove_while_starting(channel_id: int) -> None:
        starts.append(asyncio.create_task(desk.start()))
        for _ in range(20):  # a start that waits for nobody would be through by then
            await desk.store.channels.channels()
        await remove(channel_id)

    monkeypatch.setattr(desk.store.channels, "remove_channel", remove_while_starting)
    await admin.remove(1)
    await asyncio.gather(*starts)

    assert desk.supervisor.health == {}


async def test_a_poller_of_a_channel_that_is_gone_ends(desk: Desk) -> None:
    channel = await desk.store.channels.channel(1)
    await desk.store.channels.remove_channel(1)

    await desk.pollers.refresh(channel)
    await ended(desk)

    assert desk.telegram.polls == []


async def unavailable(*_: object, **__: object) -> None:
    """Stand in for any method of the store."""
    raise StoreUnavailable("the disk is full")


async def ended(desk: Desk) -> None:
    """Wait until the poller has ended by itself."""
    (task,) = desk.supervisor._tasks.values()
    await asyncio.wait_for(task, DEADLINE_S)
