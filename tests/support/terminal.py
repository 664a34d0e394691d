"""A real pseudo-terminal of a chosen width, which commands in this process print on."""

import os
import struct
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl

import pytest

WIDTHS = (200, 100, 80, 60, 40)


class Screen:
    """What came out of the terminal; complete when it is closed."""

    def __init__(self) -> None:
        self.text = ""

    @property
    def lines(self) -> list[str]:
        """What was printed, line by line, before the terminal itself breaks any."""
        return self.text.splitlines()


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Iterator[Screen]:
    """Print on a terminal that is so wide."""
    ours, theirs = os.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    screen, received = Screen(), bytearray()
    reader = threading.Thread(target=_read, args=(ours, received))
    reader.start()
    try:
        with monkeypatch.context() as patch, open(theirs, "w", encoding="utf-8") as stdout:  # noqa: PTH123  a descriptor
            patch.delenv("COLUMNS", raising=False)
            patch.setattr(sys, "stdout", stdout)
            yield screen
    finally:
        reader.join()
        os.close(ours)
        screen.text = received.decode()


def _read(descriptor: int, received: bytearray) -> None:
    while True:
        try:
            some = os.read(descriptor, 65536)
        except OSError:  # EIO: how Linux says that nobody holds the other end any more
            return
        if not some:
            return
        received += some
