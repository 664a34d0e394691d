"""A half's process: its loop, its wish to stop, its port."""

import asyncio
import errno
import os
import signal
import socket
import sys

import aiohttp
import pytest
from aiohttp import web

from shared.errors import UserError
from shared.runtime import listening, run_async, stop_event
from tests.support.waiting import soon

HOST = "127.0.0.1"


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


def app_of(handler: object = hello) -> web.Application:
    app = web.Application()
    app.router.add_get("/", handler)  # type: ignore[arg-type]  # any handler will do
    return app


class TestListening:
    async def test_the_system_chooses_a_port_and_it_is_told(self) -> None:
        async with listening(app_of(), host=HOST, port=0) as port, aiohttp.ClientSession() as http:
            answer = await http.get(f"http://{HOST}:{port}/")
            assert await answer.text() == "hello"

    async def test_a_port_in_use_is_a_sentence(self) -> None:
        with socket.socket() as taken:
            taken.bind((HOST, 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(UserError, match=rf"port {port} on {HOST} is in use by another program.*--port"):
                await listening(app_of(), host=HOST, port=port).__aenter__()

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (OSError(errno.EACCES, "Permission denied"), "may not be used by this user: ports below 1024"),
            (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), "cannot be listened on: Cannot assign"),
        ],
        ids=["a privileged port", "an address that is not ours"],
    )
    async def test_other_troubles_are_sentences_too(
        self, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
    ) -> None:
        async def refuse(*_args: object, **_options: object) -> None:
            raise error

        monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)

        with pytest.raises(UserError, match=words):
            await listening(app_of(), host=HOST, port=80).__aenter__()

    async def test_a_name_that_is_no_address_is_a_sentence(self) -> None:
        with pytest.raises(UserError, match=r"host\.invalid:0 cannot be listened on"):
            await listening(app_of(), host="host.invalid", port=0).__aenter__()

    async def test_a_request_under_way_is_finished_and_new_ones_are_not_taken(self) -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(_request: web.Request) -> web.Response:
            begun.set()
            await may_end.wait()
            return web.Response(text="finished")

        server = listening(app_of(slow), host=HOST, port=0)
        port = await server.__aenter__()
        async with aiohttp.ClientSession() as http:
            asking = asyncio.ensure_future(http.get(f"http://{HOST}:{port}/"))
            await soon(begun.wait())
            leaving = asyncio.ensure_future(server.__aexit__(None, None, None))
            await soon(_refuses(port))
            may_end.set()
            answer = await soon(asking)
            assert await answer.text() == "finished"
            answer.close()
        await soon(leaving)


async def _refuses(port: int) -> None:
    """Return as soon as nobody listens any more."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            return
        writer.close()
        await writer.wait_closed()


class TestStopEvent:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_a_signal_sets_it(self, number: signal.Signals) -> None:
        stop = stop_event()
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        await soon(stop.wait())
        asyncio.get_running_loop().remove_signal_handler(number)


def test_the_result_of_the_main_coroutine_comes_back() -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    loop = run_async(main())
    assert loop.startswith("uvloop" if sys.platform != "win32" else "asyncio")


def test_without_uvloop_the_standard_loop_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    monkeypatch.setitem(sys.modules, "uvloop", None)

    assert run_async(main()).startswith("asyncio")
