"""`onsite rotate-master-key`, beside a running site: nothing is set up anew, whoever dies in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.database import open_database
from onsite.core.model import Platform
from onsite.engine.channels import ChannelRef, Credentials
from onsite.engine.resealing import CHANNELS_AT_ONCE
from shared.vault import Vault, fingerprint, new_master_key
from tests.integration.onsite.command import Ended, run_onsite
from tests.integration.onsite.site import RunningSite
from tests.integration.onsite.store import on_both_databases
from tests.world.ports import free_port
from tests.world.process import Server

OLD, NEW, LOST = (SecretStr(new_master_key().get_secret_value()) for _ in range(3))
MARKER = "EAAmarkerofapage"
API_TOKEN = "token-of-the-test-alone"


def text(*keys: SecretStr) -> str:
    """Write keys as the setting and the file have them."""
    return ", ".join(key.get_secret_value() for key in keys)


async def fill(url: SecretStr | None, data_dir: Path, count: int, *, key: SecretStr = OLD) -> None:
    """Keep so many pages with a token each."""
    database = open_database(url, data_dir)
    store = SqlChannels(database, Vault([key]))
    for number in range(count):
        token = Credentials(SecretStr(f"{MARKER}{number}"))
        await store.save_channel(ChannelRef(Platform.FACEBOOK, str(1000 + number)), name="", credentials=token)
    await database.close()


async def opened(url: SecretStr | None, data_dir: Path, key: SecretStr) -> int:
    """Count the tokens that one key alone opens. Raises VaultError for one that it does not."""
    database = open_database(url, data_dir)
    store = SqlChannels(database, Vault([key]))
    found = [await store.credentials(channel.id) for channel in await store.channels()]
    await database.close()
    return sum(each is not None and each.token.get_secret_value().startswith(MARKER) for each in found)


class Machine:
    """A machine with a data folder, whose site is started with these keys or those."""

    def __init__(self, data_dir: Path, url: SecretStr | None) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.env = {
            "ONSITE_DATA_DIR": str(data_dir),
            "ONSITE_PORT": str(self.port),
            "ONSITE_API_TOKEN": API_TOKEN,
        } | ({} if url is None else {"ONSITE_DATABASE_URL": url.get_secret_value()})

    @asynccontextmanager
    async def running(self, *keys: SecretStr) -> AsyncIterator[Server]:
        """Run the site with these keys set; without any, it takes the data folder's file."""
        env = self.env | ({"ONSITE_MASTER_KEY": text(*keys)} if keys else {})
        site = Server("onsite", folder=self.data_dir / "run", port=self.port, env=env)
        await site.start()
        try:
            yield site
        finally:
            await site.stop()

    async def rotate(self, *args: str, keys: tuple[SecretStr, ...] = ()) -> Ended:
        """Run the command, with these keys set where it runs."""
        env = self.env | ({"ONSITE_MASTER_KEY": text(*keys)} if keys else {})
        return await run_onsite("rotate-master-key", *args, env=env, cwd=str(self.data_dir))

    async def part(self, **body: Any) -> Any:
        """Do one part, as the command does."""
        url = f"http://127.0.0.1:{self.port}/api/v1/master-key/rotation"
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as answer:
            return await answer.json()


@pytest.fixture
def machine(data_dir: Path, database_url: SecretStr | None) -> Machine:
    return Machine(data_dir, database_url)


@on_both_databases
async def test_the_whole_exchange_beside_a_running_site(
    machine: Machine, database_url: SecretStr | None, data_dir: Path
) -> None:
    await fill(database_url, data_dir, 3)
    async with machine.running(NEW, OLD):
        first, second = await machine.rotate(keys=(NEW, OLD)), await machine.rotate("--json")

    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("3 channels are sealed anew; 0 were under the first key already.\n")
    assert f"earlier key {fingerprint(OLD)} can be taken away now: {fingerprint(NEW)} opens everything" in first.out
    assert "backups" in first.out
    assert second.document == {
        "resealed": 0,
        "already": 3,
        "unreadable": [],
        "keys": [fingerprint(NEW), fingerprint(OLD)],
        "earlier_keys_can_go": True,
    }
    async with machine.running(NEW):
        assert await opened(database_url, data_dir, NEW) == 3
    assert not [key for key in (OLD, NEW) if key.get_secret_value() in first.out + second.out]


async def test_the_file_of_the_data_folder_may_hold_several_keys(machine: Machine, data_dir: Path) -> None:
    await fill(None, data_dir, 2)
    (data_dir / "master-key").write_text(text(NEW, OLD) + "\n")
    async with machine.running():
        ended = await machine.rotate()

    assert (ended.code, await opened(None, data_dir, NEW)) == (0, 2)


async def test_a_site_that_is_killed_in_the_middle_goes_on_where_it_was(machine: Machine, data_dir: Path) -> None:
    count = 2 * CHANNELS_AT_ONCE + 50
    await fill(None, data_dir, count)
    async with machine.running(NEW, OLD) as site:
        part = await machine.part(behind=0)
        await site.kill()
    assert (part["resealed"], part["total"]) == (CHANNELS_AT_ONCE, count)

    cut_off = await machine.rotate(keys=(NEW, OLD))
    async with machine.running(NEW, OLD):
        ended = await machine.rotate("--json", keys=(NEW, OLD))

    assert (cut_off.code, "Start it with `onsite run`" in cut_off.err) == (1, True)
    assert (ended.document["resealed"], ended.document["already"]) == (count - CHANNELS_AT_ONCE, CHANNELS_AT_ONCE)
    assert await opened(None, data_dir, NEW) == count


async def test_a_site_that_was_not_restarted_does_not_know_the_new_key_and_the_command_says_so(
    machine: Machine, data_dir: Path
) -> None:
    await fill(None, data_dir, 2)
    async with machine.running(OLD):
        ended, document = await machine.rotate(keys=(NEW, OLD)), await machine.rotate("--json", keys=(NEW, OLD))

    assert ended.code == 1
    assert f"does not know the key that is set here ({fingerprint(NEW)})" in ended.err
    assert "can be taken away" not in ended.out
    assert (document.code, document.document["earlier_keys_can_go"]) == (1, False)
    assert await opened(None, data_dir, OLD) == 2


async def test_what_no_key_opens_is_named_and_is_a_failure(machine: Machine, data_dir: Path) -> None:
    await fill(None, data_dir, 1, key=LOST)
    async with machine.running(NEW, OLD):
        ended = await machine.rotate(keys=(NEW, OLD))

    assert ended.code == 1
    assert "no key opens the token of facebook 1000" in ended.err
    assert "can be taken away" not in ended.out


async def test_with_one_key_there_is_nothing_to_take_away(machine: Machine, data_dir: Path) -> None:
    async with machine.running(OLD):
        ended = await machine.rotate(keys=(OLD,))

    assert (ended.code, ended.err) == (0, "")
    assert f"has one key, {fingerprint(OLD)}. To exchange it, put another in front of it" in ended.out


async def test_a_file_that_holds_no_key_is_refused_by_name(machine: Machine, data_dir: Path, tmp_path: Path) -> None:
    (data_dir / "master-key").write_text("rubbish")
    ended = await run_onsite("run", env=machine.env, cwd=str(tmp_path))

    assert ended.code == 1
    assert f"the file {data_dir / 'master-key'} holds no master key" in ended.err
    assert "rubbish" not in ended.err


async def test_a_new_key_is_printed_and_another_each_time(tmp_path: Path) -> None:
    first, second = [await run_onsite("new-master-key", env={}, cwd=str(tmp_path)) for _ in range(2)]

    assert (first.code, len(first.out.strip()), first.out == second.out) == (0, 44, False)


@pytest.mark.parametrize("behind", [-1, "1", True, 1.5, None], ids=str)
async def test_what_is_no_number_of_a_channel_is_refused(site: RunningSite, behind: object) -> None:
    status, answer = await site.call("POST", "/master-key/rotation", {"behind": behind})

    assert (status, answer["error"]["code"]) == (422, "bad_field")


async def test_nobody_rotates_without_the_token(site: RunningSite) -> None:
    async with site.http.post(f"{site.url}/api/v1/master-key/rotation", json={}) as answer:
        assert answer.status == 401
