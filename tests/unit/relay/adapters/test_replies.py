"""Replies are bytes; a client that decodes is a mistake that shows at once."""

import pytest

from relay.adapters.replies import raw, text


def test_bytes_come_back_as_bytes_and_as_text() -> None:
    assert raw(b"\x00\xff") == b"\x00\xff"
    assert text("\u00e4".encode()) == "\u00e4"


@pytest.mark.parametrize("reply", ["decoded", 1, None])
def test_anything_else_names_what_came(reply: object) -> None:
    with pytest.raises(TypeError, match=f"expected bytes of Redis, got {type(reply).__name__}"):
        raw(reply)
    with pytest.raises(TypeError):
        text(reply)
