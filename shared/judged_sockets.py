"""Sockets whose address is judged when they are made: for whoever connects where somebody outside says so.

That is after the last word of the resolver, for literal addresses too (aiohttp resolves none of those), and for every
attempt anew: a name that leads elsewhere a moment later is judged by where it leads then (docs/decisions/0014). Not the
judgement: which addresses are public is `shared.addresses`.
"""

import socket
from collections.abc import Callable

import aiohttp

from shared.addresses import IPAddress, address_of

Objection = Callable[[IPAddress], str | None]
"""Says what kind of address it is where nobody may connect to, such as "a private address"; None for any other."""


class AddressRefused(OSError):
    """Nobody connects there."""

    def __init__(self, address: IPAddress, kind: str) -> None:
        # In the same words for every address: when all that a name leads to failed in the same words, the library
        # raises the first of these errors, otherwise one that it makes of their texts.
        super().__init__("an address that is not allowed was left out")
        self.address = address
        self.kind = kind


def judged_sockets(objection: Objection) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
    """Return what makes a connector's sockets (`socket_factory`): none for an address that meets an objection."""

    def open_socket(address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = address_info
        try:
            address = address_of(where[0])
        except ValueError:
            raise OSError("the resolver's answer is no address") from None  # other errors the library takes badly
        if refused := objection(address):
            raise AddressRefused(address, refused)
        return socket.socket(family, kind, protocol)

    return open_socket
