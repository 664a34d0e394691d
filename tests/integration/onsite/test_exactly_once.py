"""Random histories: whatever is repeated, regrouped, reordered or cut off, each message is there once, in order.

A history is a list of deliveries. Each delivery is a batch of events that may have come before; some break off in the
middle of their transaction and come again, as the relay sends what was not acknowledged.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from onsite.adapters.sql.database import FILE_NAME, Database, open_database
from onsite.adapters.sql.inbox import SqlInbox
from onsite.adapters.sql.reader import SqlReader
from onsite.core.model import ReceiptState
from onsite.core.sending import SendState
from onsite.engine.incoming import IncomingBatch, IncomingEvent
from tests.integration.onsite.store import echo, event, receipt, said

PEOPLE = ("psid-1", "psid-2")

MESSAGES = [
    event(f"said:{who}:{n}", said(f"{who}:{n}", str(n), at=n * 10, who=who)) for who in PEOPLE for n in range(6)
]
ECHOES = [event(f"echo:{n}", echo(f"psid-1:e{n}", at=n * 10 + 5, text=str(n + 0.5))) for n in range(4)]
RECEIPTS = [
    event("delivered:25", receipt(ReceiptState.DELIVERED, until=25)),
    event("read:15", receipt(ReceiptState.READ, until=15)),
    event("read:e3", receipt(ReceiptState.DELIVERED, keys=["psid-1:e3"])),
]
EVENTS = MESSAGES + ECHOES + RECEIPTS


@dataclass(frozen=True)
class Delivery:
    """One batch as it arrived."""

    events: list[IncomingEvent]
    breaks_off: bool


deliveries = st.lists(st.builds(Delivery, st.lists(st.sampled_from(EVENTS), max_size=12), st.booleans()), max_size=8)


_Result = TypeVar("_Result")


class Cut(Exception):
    """The power fails."""


class FailingDatabase(Database):
    """Loses every transaction right before its commit."""

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Do everything but the commit."""

        def lose(connection: Connection) -> _Result:
            work(connection)
            raise Cut

        return await super().write(lose)


async def apply_and_lose(database: Database, batch: IncomingBatch) -> None:
    """Store a batch up to its commit, and no further."""
    failing = FailingDatabase(database._engine)
    with pytest.raises(Cut):
        await SqlInbox(failing).apply(batch)


async def _play(folder: Path, history: list[Delivery]) -> tuple[dict[str, list[str]], dict[str, SendState]]:
    """Play a history, then deliver everything once more in order; return texts by person, and states of echoes."""
    database = open_database(None, folder)
    inbox, reader = SqlInbox(database), SqlReader(database)
    # Both have written before: a receipt alone makes no conversation in which it could be remembered.
    await inbox.apply(IncomingBatch([MESSAGES[0], MESSAGES[-1]]))
    for delivery in history:
        batch = IncomingBatch(delivery.events)
        if delivery.breaks_off:
            await apply_and_lose(database, batch)
        await inbox.apply(batch)
    await inbox.apply(IncomingBatch(EVENTS))
    texts: dict[str, list[str]] = {}
    states: dict[str, SendState] = {}
    for conversation in await reader.conversations(limit=10, before=None):
        found = await reader.messages(conversation.id, limit=100, before=None)
        texts[conversation.key] = [message.text for message in reversed(found)]
        states |= {str(message.key): message.state for message in found if message.state}
    await database.close()
    return texts, states


@given(history=deliveries)
@settings(max_examples=40)
def test_each_message_is_there_once_in_order_and_no_state_goes_back(
    empty_database: Path, history: list[Delivery]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_database, Path(folder) / FILE_NAME)
        texts, states = asyncio.run(_play(Path(folder), history))

    assert texts == {
        "psid-1": sorted([*"012345", "0.5", "1.5", "2.5", "3.5"], key=float),
        "psid-2": [*"012345"],
    }
    # A receipt that names a message is of no use before the message is there; Messenger's tell a moment as well.
    assert states.pop("psid-1:e3") in {SendState.SENT, SendState.DELIVERED}
    assert states == {
        "psid-1:e0": SendState.READ,
        "psid-1:e1": SendState.READ,
        "psid-1:e2": SendState.DELIVERED,
    }
