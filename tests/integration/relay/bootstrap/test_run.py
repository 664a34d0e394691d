"""`relay run` as a process: what it starts, what it outlives, and what it leaves behind, which is nothing."""

import asyncio
import socket
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from relay.adapters.redis_clients import open_async
from relay.adapters.redis_sites import RedisSites
from relay.core.site import Site
from shared.local_keys import load_or_create
from shared.site_secret import new_site_secret
from shared.vault import Vault, new_master_key
from tests.support.processes import RelayProcess, relay_environment
from tests.support.waiting import process_did
from tests.world.ports import free_port


def children(relay: RelayProcess) -> dict[str, psutil.Process]:
    """Return its children by what they are."""
    return {"worker" if "worker" in child.cmdline() else "redis": child for child in relay.process.children()}


def test_it_runs_redis_and_a_worker_outlives_their_deaths_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env = relay_environment(tmp_path / "data", RELAY_PORT=str(free_port()))
    with RelayProcess("run", env=env, log=tmp_path / "relay.log") as relay:
        relay.logged("relay_serves")
        relay.logged("worker_serves")
        first = children(relay)
        assert set(first) == {"redis", "worker"}
        assert not any("app-secret" in part for child in first.values() for part in child.cmdline())

        first["worker"].kill()
        relay.logged("worker_serves", times=2)
        first["redis"].kill()
        relay.logged("embedded_redis_started", times=2)
        second = children(relay)
        assert {name: child.pid for name, child in first.items()}.items().isdisjoint(
            {name: child.pid for name, child in second.items()}.items()
        )

        relay.terminate()
        assert relay.ended() == 0
        process_did(lambda: not any(child.is_running() for child in second.values()))
        assert "relay_stops" in [line["event"] for line in relay.lines]


def test_killed_it_takes_its_children_with_it_and_starts_again_in_the_same_folder(tmp_path: Path) -> None:
    env = relay_environment(tmp_path / "data", RELAY_PORT=str(free_port()))
    with RelayProcess("run", env=env, log=tmp_path / "first.log") as relay:
        relay.logged("worker_serves")
        left = list(children(relay).values())
        relay.process.kill()
        relay.ended()
    process_did(lambda: not any(child.is_running() for child in left), within_s=30)
    with RelayProcess("run", env=env, log=tmp_path / "second.log") as relay:
        relay.logged("relay_serves")
        relay.terminate()
        assert relay.ended() == 0


def test_a_port_in_use_is_one_sentence_and_nothing_goes_on(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = relay_environment(tmp_path / "data", RELAY_PORT=str(port))
        with RelayProcess("run", env=env, log=tmp_path / "relay.log") as relay:
            assert relay.ended() == 1

    assert f"relay: port {port} on 127.0.0.1 is in use by another program" in relay.log.read_text()
    assert "Traceback" not in relay.log.read_text()
    assert [line["event"] for line in relay.lines] == ["embedded_redis_started"]


def test_a_folder_in_use_is_one_sentence(tmp_path: Path) -> None:
    env = relay_environment(tmp_path / "data", RELAY_PORT=str(free_port()))
    with RelayProcess("run", env=env, log=tmp_path / "first.log") as first:
        first.logged("relay_serves")
        with RelayProcess("run", env=env, log=tmp_path / "second.log") as second:
            assert second.ended() == 1
        assert "is in use by another `relay run`" in second.log.read_text()
        assert first.process.is_running()


def test_the_worker_gets_the_very_redis_that_a_file_names(tmp_path: Path, redis_url: str) -> None:
    """The worker reads .env too, and must not find two answers there."""
    path = tmp_path / "redis-url"
    path.write_text(redis_url)
    (tmp_path / ".env").write_text(f"RELAY_REDIS_URL_FILE={path}\n")
    env = relay_environment(tmp_path / "data", RELAY_PORT=str(free_port()))
    with RelayProcess("run", "--allow-volatile", env=env, log=tmp_path / "relay.log") as relay:
        relay.logged("worker_serves")
        assert set(children(relay)) == {"worker"}
        relay.terminate()
        assert relay.ended() == 0


@pytest.mark.parametrize("command", [["serve"], ["serve", "--processes", "2"], ["run"]], ids=" ".join)
def test_a_folder_of_another_relay_is_one_sentence(tmp_path: Path, redis_url: str, command: list[str]) -> None:
    """The other machine's data folder has another master key, and nobody set the common one."""

    def started_in(folder: str) -> RelayProcess:
        env = relay_environment(tmp_path / folder, RELAY_PORT=str(free_port()), RELAY_REDIS_URL=redis_url)
        return RelayProcess(*command, "--allow-volatile", env=env, log=tmp_path / f"{folder}.log")

    asyncio.run(register_with(Vault([load_or_create(tmp_path / "one" / "master-key", new_master_key)]), redis_url))
    with started_in("one") as relay:
        relay.logged("relay_serves")
    with started_in("other") as relay:
        assert relay.ended() == 2
    assert "relay: this Redis holds sites that were sealed with another master key." in relay.log.read_text()
    assert "Traceback" not in relay.log.read_text()


async def register_with(vault: Vault, redis_url: str) -> None:
    """Register a site, its secret sealed by this vault."""
    async with aclosing(open_async(redis_url)) as redis:
        await RedisSites(redis, vault).add(Site("acme", "https://chat.example.com", (new_site_secret(),), 1))
