"""`python -m tests.simulators`: both platforms and the customer's phone as a process of their own.

Prints one line for each address and stays until Ctrl-C or SIGTERM. A port in use or a wrong value is a sentence on
stderr and exit code 2.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from shared.console import err, say
from shared.errors import UserError
from shared.runtime import run_async, stop_event
from tests.demo.phone import Personas, phone_app
from tests.simulators.clock import RunningClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.options import Options, read_options
from tests.simulators.server import HttpServer
from tests.simulators.telegram import TelegramSimulator

BAD_SETTINGS = 2


class Server(Protocol):
    """Something that listens."""

    @property
    def url(self) -> str: ...

    async def start(self, host: str, port: int) -> None: ...

    async def close(self) -> None: ...


def main(arguments: list[str]) -> int:
    """Run until stopped. Returns the exit code."""
    options = read_options(arguments)
    try:
        run_async(_run(options))
    except UserError as error:
        err.print(f"simulators: {error}", markup=False)
        return BAD_SETTINGS
    return 0


async def _run(options: Options) -> None:
    stop = stop_event()
    graph, telegram = _graph(options), _telegram(options)
    phone = _phone(graph, telegram, options)
    async with AsyncExitStack() as stack:
        for name, server, port in (
            ("graph", graph, options.graph_port),
            ("telegram", telegram, options.telegram_port),
            ("phone", phone, options.phone_port),
        ):
            await stack.enter_async_context(_listening(name, server, options.host, port))
        if options.retry_every_s and options.callback_url:
            stack.callback(asyncio.create_task(graph.keep_retrying(every_s=options.retry_every_s)).cancel)
        await stop.wait()


@asynccontextmanager
async def _listening(name: str, server: Server, host: str, port: int) -> AsyncIterator[None]:
    try:
        await server.start(host, port)
    except OSError as error:
        raise UserError(
            f"port {port} on {host} cannot be had for the {name} simulator ({error.strerror}): stop the program that"
            f" listens there, or choose another port with --{name}-port"
        ) from None
    say(f"{name:<9} {server.url}")
    try:
        yield
    finally:
        await server.close()


def _graph(options: Options) -> GraphSimulator:
    graph = GraphSimulator(
        app_id=options.app_id,
        app_secret=options.app_secret,
        verify_token=options.verify_token,
        clock=RunningClock(speed=options.clock_speed),
    )
    graph.callback_url = options.callback_url
    graph.app.deauthorize_url, graph.app.data_deletion_url = options.deauthorize_url, options.data_deletion_url
    try:
        graph.app.add_redirect_uri(options.redirect_uri)
    except ValueError as error:
        raise UserError(f"--redirect-uri: {error}") from None
    graph.add_page(options.page_id, name=options.page_name, token=options.page_token)
    graph.add_admin(options.admin_id, name=options.admin, pages=[options.page_id])
    graph.add_person(page_id=options.page_id, psid=options.psid, name=options.person)
    return graph


def _telegram(options: Options) -> TelegramSimulator:
    telegram = TelegramSimulator()
    try:
        telegram.add_bot(options.bot_token, username=options.bot_username, first_name=options.page_name)
    except ValueError as error:
        raise UserError(f"--bot-token: {error}") from None
    first_name, _, last_name = options.user.partition(" ")
    telegram.add_user(id=options.user_id, first_name=first_name, last_name=last_name)
    return telegram


def _phone(graph: GraphSimulator, telegram: TelegramSimulator, options: Options) -> HttpServer:
    personas = Personas(options.page_id, options.psid, options.bot_token, options.user_id)
    return HttpServer(lambda: phone_app(graph, telegram, personas))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
