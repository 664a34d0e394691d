"""A ticket: cannot be guessed, is named by its hash, and tells when it ends."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.connecting.ticket import is_ticket_shaped, new_ticket, says_it_ended, ticket_id

ENDS_S = 1_800_000_000


def test_a_ticket_and_its_id_have_one_shape_and_the_id_tells_nothing_of_it() -> None:
    ticket = new_ticket(secrets.token_bytes, expires_at_s=ENDS_S)

    assert is_ticket_shaped(ticket.get_secret_value())
    assert is_ticket_shaped(ticket_id(ticket))
    assert ticket_id(ticket) != ticket.get_secret_value()


def test_no_two_are_alike() -> None:
    made = {new_ticket(secrets.token_bytes, expires_at_s=ENDS_S).get_secret_value() for _ in range(100)}

    assert len(made) == 100


@pytest.mark.parametrize(("now_s", "ended"), [(ENDS_S - 0.1, False), (ENDS_S, True), (ENDS_S + 1e6, True)])
def test_it_tells_when_it_ends(now_s: float, ended: bool) -> None:  # noqa: FBT001  a column of the table
    assert says_it_ended(new_ticket(secrets.token_bytes, expires_at_s=ENDS_S), now_s=now_s) is ended


@given(st.text())
def test_whatever_is_no_ticket_never_ended_and_has_an_id_all_the_same(text: str) -> None:
    if not is_ticket_shaped(text):
        assert not says_it_ended(SecretStr(text), now_s=4e9)
    assert is_ticket_shaped(ticket_id(SecretStr(text)))
