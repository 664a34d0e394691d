"""One listening socket for several processes."""

import socket
from contextlib import closing

import pytest

from shared.errors import UserError
from shared.listening_socket import bind, inherited


def test_it_listens_at_once_and_the_system_chooses_the_port_when_none_is_asked_for() -> None:
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as client:
            taken, _ = bound.accept()
            taken.close()

    assert port > 0
    assert client.fileno() == -1


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_a_host_is_a_name_or_an_address_of_either_kind(host: str, family: socket.AddressFamily) -> None:
    with bind(host, 0) as bound:
        assert (bound.family, bound.getsockname()[0]) == (family, host)


def test_a_port_in_use_is_a_sentence_that_says_what_to_do() -> None:
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} on 127.0.0.1 is in use by another program.*--port"):
            bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"192\.0\.2\.1:0 cannot be listened on"):
        bind("192.0.2.1", 0)


def test_a_name_that_nobody_knows_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"site\.invalid:0 cannot be listened on"):
        bind("site.invalid", 0)


def test_a_child_takes_it_by_its_number() -> None:
    with bind("127.0.0.1", 0) as bound:
        taken = inherited(bound.fileno())
        assert taken.getsockname() == bound.getsockname()
        taken.detach()


def test_a_number_that_is_no_socket_is_a_sentence() -> None:
    with pytest.raises(UserError, match="file descriptor 99999 is no socket: Bad file descriptor"):
        inherited(99_999)


def test_a_socket_that_does_not_listen_is_a_sentence() -> None:
    with socket.socket() as idle, pytest.raises(UserError, match="does not listen"):
        inherited(idle.detach())
