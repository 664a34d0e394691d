"""Credentials lie under seal, and are sealed anew under the first master key: all of them, in parts, each whole."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Text, select

from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import FILE_NAME
from onsite.adapters.sql.sealed import SEALED, SqlSealed
from onsite.adapters.sql.tables import channels, metadata
from onsite.core.model import Platform
from onsite.engine.channels import ChannelRef, Credentials
from onsite.engine.resealing import Part
from shared.errors import VaultError
from shared.vault import Vault, new_master_key
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said

OLD, NEW, LOST = new_master_key(), new_master_key(), new_master_key()
TOKEN = Credentials(SecretStr("987654:telegram-token-in-the-clear"))
PAGE_TOKEN = Credentials(SecretStr("EAApagetokenintheclear"), SecretStr("0123456789abcdef-proof"))

Row = tuple[int, str | None, str | None]


def page(number: int) -> ChannelRef:
    """Name one of many pages."""
    return ChannelRef(Platform.FACEBOOK, str(1000 + number))


async def fill(store: Store, *refs: ChannelRef, key: SecretStr = OLD) -> None:
    """Keep channels with a token and a proof each."""
    for ref in refs:
        await SqlChannels(store.database, Vault([key])).save_channel(ref, name="", credentials=PAGE_TOKEN)


def sealed(store: Store, *keys: SecretStr) -> SqlSealed:
    """Return what seals anew with these keys."""
    return SqlSealed(store.database, Vault(keys or [NEW, OLD]))


async def rows(store: Store) -> list[Row]:
    """Return what lies in the database."""
    query = select(channels.c.id, *SEALED).order_by(channels.c.id)
    return await store.database.read(lambda connection: [tuple(row) for row in connection.execute(query)])


async def credentials(store: Store, ref: ChannelRef, *keys: SecretStr) -> Credentials | None:
    """Open a channel's credentials with these keys alone."""
    (channel,) = [each for each in await store.channels.channels() if each.ref == ref]
    return await SqlChannels(store.database, Vault(keys)).credentials(channel.id)


async def test_nothing_lies_in_the_file_in_the_clear(store: Store, data_dir: Path) -> None:
    await store.channels.save_channel(PAGE, name="", credentials=PAGE_TOKEN)

    on_disk = b"".join((data_dir / f"{FILE_NAME}{suffix}").read_bytes() for suffix in ("", "-wal"))
    assert b"intheclear" not in on_disk
    assert b"-proof" not in on_disk


def test_every_column_that_is_called_sealed_is_sealed_anew() -> None:
    named = {column for table in metadata.sorted_tables for column in table.c if re.search("seal|cipher", column.name)}

    assert named == set(SEALED)
    assert all(isinstance(column.type, Text) for column in SEALED)


@on_both_databases
async def test_afterwards_the_new_key_alone_opens_everything_and_the_old_one_nothing(store: Store) -> None:
    await fill(store, PAGE)
    await SqlChannels(store.database, Vault([OLD])).save_channel(BOT, name="", credentials=TOKEN)
    await store.take(event("e", said("m"), channel=page(1)))

    assert await sealed(store).count() == 2
    assert await sealed(store).reseal(behind=0, at_most=10) == Part(2, 0, [], None)
    assert await credentials(store, PAGE, NEW) == PAGE_TOKEN
    assert await credentials(store, BOT, NEW) == TOKEN
    assert await credentials(store, page(1), NEW) is None
    with pytest.raises(VaultError):
        await credentials(store, PAGE, OLD)


@on_both_databases
async def test_done_twice_it_writes_nothing_the_second_time(store: Store) -> None:
    await fill(store, PAGE, page(1))
    await sealed(store).reseal(behind=0, at_most=10)
    before = await rows(store)

    assert await sealed(store).reseal(behind=0, at_most=10) == Part(0, 2, [], None)
    assert await rows(store) == before


@on_both_databases
async def test_it_goes_on_behind_the_last_channel_of_a_part(store: Store) -> None:
    await fill(store, *(page(number) for number in range(5)))
    ids = [row[0] for row in await rows(store)]
    parts, behind = [], 0
    while True:
        parts.append(await sealed(store).reseal(behind=behind, at_most=2))
        if (last := parts[-1].last) is None:
            break
        behind = last

    assert parts == [Part(2, 0, [], ids[1]), Part(2, 0, [], ids[3]), Part(1, 0, [], None)]


@on_both_databases
async def test_what_no_key_opens_is_named_and_stays_while_the_others_are_sealed_anew(store: Store) -> None:
    await fill(store, PAGE, key=LOST)
    await fill(store, page(1))
    before = await rows(store)

    assert await sealed(store).reseal(behind=0, at_most=10) == Part(1, 0, [PAGE], None)
    after = await rows(store)
    assert (after[0], after[1] == before[1]) == (before[0], False)


@on_both_databases
async def test_a_part_that_is_cut_off_in_the_middle_changes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store, *(page(number) for number in range(4)))
    before, asked, real = await rows(store), [], Vault.reseal

    def until_the_power_goes(vault: Vault, text: str) -> str:
        asked.append(text)
        if len(asked) == 5:
            raise OSError("the power goes")
        return real(vault, text)

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "reseal", until_the_power_goes)
        with pytest.raises(Exception, match="OSError"):
            await sealed(store).reseal(behind=0, at_most=10)
    assert await rows(store) == before

    assert (await sealed(store).reseal(behind=0, at_most=10)).resealed == 4


@on_both_databases
async def test_a_token_that_is_given_meanwhile_is_kept(store: Store) -> None:
    """By the running site, which seals under the first key: the rotation finds it done."""
    await fill(store, PAGE)
    given = Credentials(SecretStr("EAAgivenmeanwhile"))
    await SqlChannels(store.database, Vault([NEW, OLD])).save_channel(PAGE, name="", credentials=given)

    assert await sealed(store).reseal(behind=0, at_most=10) == Part(0, 1, [], None)
    assert await credentials(store, PAGE, NEW) == given
