"""Which conversation a chat is."""

import pytest

from onsite.core.telegram.chat import Address, address_of
from tests.samples.bot import (
    GROUP,
)


@pytest.mark.parametrize(
    ("key", "address"),
    [("5001", Address("5001")), (GROUP, Address(GROUP)), ("5001@bc1", Address("5001", "bc1"))],
)
def test_a_conversation_key_leads_back_to_its_chat(key: str, address: Address) -> None:
    assert address_of(key) == address
