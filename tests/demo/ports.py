"""The demo's ports, fixed so that its addresses can be remembered; taken ones are named all at once."""

import socket
from dataclasses import dataclass, fields

from shared.errors import UserError


@dataclass(frozen=True)
class DemoPorts:
    """Where each part listens on 127.0.0.1."""

    relay: int
    site: int
    phones: int
    graph: int
    telegram: int


def ports_from(first: int) -> DemoPorts:
    """Take five ports in a row. Raises UserError when one of them is taken."""
    ports = DemoPorts(*range(first, first + len(fields(DemoPorts))))
    numbers = {field.name: getattr(ports, field.name) for field in fields(ports)}
    taken = [f"{name}: {number}" for name, number in numbers.items() if _is_taken(number)]
    if taken:
        raise UserError(
            f"in use by another program: {', '.join(taken)}. Stop it (another demo?), or choose five free ports:"
            " `make demo DEMO_ARGS='--first-port 9100'`"
        )
    return ports


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
