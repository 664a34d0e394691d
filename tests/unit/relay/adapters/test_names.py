"""Where a name leads, asked of the system; a resolver that fails or hangs says nothing."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from relay.adapters import names
from relay.adapters.names import LOOKUP_TIMEOUT_S, look_up
from tests.support.waiting import soon


async def test_a_name_of_this_machine_is_known_and_each_address_comes_once() -> None:
    found = await look_up("localhost")

    assert ip_address("127.0.0.1") in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("host", ["site.invalid", "a" * 64 + ".example", "m\u00fcller..example"])
async def test_a_name_that_cannot_be_resolved_leads_nowhere(host: str) -> None:
    assert await soon(look_up(host)) == []


async def test_zones_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def link_local(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%lo", 0, 0, 1))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", link_local)
    assert await look_up("chat.example.com") == [ip_address("fe80::1")]


async def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> list[Any]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    monkeypatch.setattr(names, "LOOKUP_TIMEOUT_S", 0.05)
    assert await soon(look_up("chat.example.com")) == []


def test_a_command_does_not_wait_long_for_it() -> None:
    assert LOOKUP_TIMEOUT_S <= 2
