"""Channels: credentials under seal, health that only its owner changes, removal that keeps the history."""

import pytest
from pydantic import SecretStr

from onsite.adapters.sql.channels import SqlChannels
from onsite.core.errors import ChannelNotFound
from onsite.engine.channels import POLLING_STATES, ChannelState, Credentials
from onsite.engine.incoming import IncomingBatch, NextOffset
from shared.errors import VaultError
from shared.vault import Vault, new_master_key
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said

pytestmark = on_both_databases

TOKEN = Credentials(SecretStr("987654:telegram-token-in-the-clear"))
PAGE_TOKEN = Credentials(SecretStr("EAApagetokenintheclear"), SecretStr("0123456789abcdef-proof"))


async def test_a_saved_channel_has_a_token_and_is_well(store: Store) -> None:
    saved = await store.channels.save_channel(BOT, name="Support bot", credentials=TOKEN)

    assert (saved.ref, saved.name, saved.state, saved.has_token) == (BOT, "Support bot", ChannelState.OK, True)
    assert await store.channels.channels() == [saved]
    assert await store.channels.channel(saved.id) == saved
    assert saved.is_polled


async def test_credentials_come_back_as_they_were(store: Store) -> None:
    saved = await store.channels.save_channel(PAGE, name="", credentials=PAGE_TOKEN)

    assert await store.channels.credentials(saved.id) == PAGE_TOKEN
    assert not saved.is_polled


async def test_a_channel_that_came_by_itself_has_no_credentials_until_it_is_given_some(store: Store) -> None:
    await store.take(event("e1", said("m1")))
    assert await store.channels.credentials(1) is None

    saved = await store.channels.save_channel(PAGE, name="Acme", credentials=PAGE_TOKEN)

    assert (saved.id, saved.name, saved.state, saved.sentence) == (1, "Acme", ChannelState.OK, "")


async def test_a_new_token_keeps_the_name_and_makes_the_channel_well_again(store: Store) -> None:
    saved = await store.channels.save_channel(BOT, name="Support bot", credentials=TOKEN)
    await store.channels.set_health(saved.id, ChannelState.TOKEN_REFUSED, "take a new one")

    again = await store.channels.save_channel(BOT, name="", credentials=Credentials(SecretStr("987654:other")))

    assert (again.id, again.name, again.state, again.sentence) == (saved.id, "Support bot", ChannelState.OK, "")


async def test_another_master_key_opens_nothing_and_says_so(store: Store) -> None:
    saved = await store.channels.save_channel(BOT, name="", credentials=TOKEN)
    stranger = SqlChannels(store.database, Vault([new_master_key()]))

    with pytest.raises(VaultError, match="the master key is not the one"):
        await stranger.credentials(saved.id)


async def test_health_changes_only_from_the_states_that_are_named(store: Store) -> None:
    saved = await store.channels.save_channel(BOT, name="", credentials=TOKEN)

    assert not await store.channels.set_health(saved.id, ChannelState.OK, "", only_from=POLLING_STATES)
    assert await store.channels.set_health(saved.id, ChannelState.CONFLICT, "another polls")
    assert await store.channels.set_health(saved.id, ChannelState.OK, "", only_from=POLLING_STATES)
    assert (await store.channels.channel(saved.id)).state is ChannelState.OK


async def test_a_removed_channel_is_gone_but_its_conversations_stay(store: Store) -> None:
    saved = await store.channels.save_channel(BOT, name="", credentials=TOKEN)
    await store.inbox.apply(IncomingBatch([event("e1", said("m1"), channel=BOT)], NextOffset(BOT, 7)))

    await store.channels.remove_channel(saved.id)

    assert await store.channels.channels() == []
    assert await store.texts() == ["hello"]
    for call in (store.channels.channel, store.channels.credentials, store.channels.remove_channel):
        with pytest.raises(ChannelNotFound, match="no channel 1"):
            await call(saved.id)
    assert not await store.channels.set_health(saved.id, ChannelState.OK, "")


async def test_a_removed_channel_that_is_added_again_is_the_same_one_and_begins_anew(store: Store) -> None:
    saved = await store.channels.save_channel(BOT, name="Support bot", credentials=TOKEN)
    await store.inbox.apply(IncomingBatch([event("e1", said("m1"), channel=BOT)], NextOffset(BOT, 7)))
    await store.channels.remove_channel(saved.id)

    again = await store.channels.save_channel(BOT, name="", credentials=TOKEN)

    assert (again.id, again.state) == (saved.id, ChannelState.OK)
    assert await store.channels.next_offset(again.id) is None


async def test_a_removed_page_whose_messages_still_arrive_comes_back_without_a_token(store: Store) -> None:
    saved = await store.channels.save_channel(PAGE, name="Acme", credentials=PAGE_TOKEN)
    await store.channels.remove_channel(saved.id)

    await store.take(event("e1", said("m1")))

    (channel,) = await store.channels.channels()
    assert (channel.id, channel.state, channel.has_token) == (saved.id, ChannelState.NO_TOKEN, False)
