"""`python -m tests.simulators`: both platforms and the phone as a process of their own."""

import asyncio
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process

import aiohttp
import pytest

from tests.simulators.options import Options, read_options

DEADLINE_S = 30.0
FREE_PORTS = ("--graph-port", "0", "--telegram-port", "0", "--phone-port", "0")


async def run(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulators", *arguments, stdout=PIPE, stderr=PIPE
    )


async def addresses(process: Process) -> dict[str, str]:
    """Read the three lines that tell where to find what."""
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        lines = [(await process.stdout.readline()).decode() for _ in range(3)]
    return dict(line.split() for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be caught")
async def test_it_tells_its_addresses_serves_and_stops_cleanly(http: aiohttp.ClientSession) -> None:
    process = await run(*FREE_PORTS)
    told = await addresses(process)
    token = Options().bot_token

    async with http.get(f"{told['graph']}/me", params={"access_token": Options().page_token}) as answer:
        assert (await answer.json())["name"] == "Acme Bikes"
    login = {"client_id": Options().app_id, "redirect_uri": Options().redirect_uri, "state": "s"}
    async with http.get(f"{told['graph']}/v26.0/dialog/oauth", params=login) as answer:
        assert "Charles Babbage" in await answer.text()
    async with http.get(f"{told['telegram']}/bot{token}/getMe") as answer:
        assert (await answer.json())["result"]["username"] == "acme_bikes_bot"
    async with http.get(f"{told['phone']}/api/phones") as answer:
        assert len((await answer.json())["phones"]) == 2
    polling = asyncio.create_task(http.get(f"{told['telegram']}/bot{token}/getUpdates", params={"timeout": "50"}))
    process.send_signal(signal.SIGTERM)

    _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert (process.returncode, errors) == (0, b"")
    await asyncio.gather(polling, return_exceptions=True)


async def test_a_port_in_use_is_a_sentence_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await run(*FREE_PORTS, "--telegram-port", str(port))
        _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_S)

    assert process.returncode == 2
    assert re.fullmatch(
        rf"simulators: port {port} on 127\.0\.0\.1 cannot be had for the telegram simulator \(.*\): stop the program"
        r" that listens there, or choose another port with --telegram-port\n",
        errors.decode(),
    )


async def test_a_wrong_token_is_a_sentence_and_exit_code_2() -> None:
    process = await run(*FREE_PORTS, "--bot-token", "x")

    _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_S)

    assert process.returncode == 2
    assert errors.startswith(b"simulators: --bot-token: a bot token is")


async def test_an_address_that_meta_would_not_save_is_a_sentence_and_exit_code_2() -> None:
    process = await run(*FREE_PORTS, "--redirect-uri", "http://relay.example/callback")

    _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_S)

    assert process.returncode == 2
    assert errors.startswith(b"simulators: --redirect-uri: Meta saves https addresses only")


def test_every_option_has_a_flag_and_a_default() -> None:
    assert read_options([]) == Options()
    assert read_options(["--user-id", "7", "--page-name", "Beta"]) == Options(user_id=7, page_name="Beta")


def test_printed_options_show_no_secret() -> None:
    printed = repr(Options())

    assert not [name for name in ("app_secret", "verify_token", "page_token", "bot_token") if name in printed]
