"""Redis' replies as the types they are: this product never lets the client decode, so every text comes as bytes."""


def text(reply: object) -> str:
    """Return a reply that is a name or a number in text."""
    return raw(reply).decode()


def raw(reply: object) -> bytes:
    """Return a reply's bytes. Raises TypeError when the client was set up to decode."""
    if not isinstance(reply, bytes):
        raise TypeError(f"expected bytes of Redis, got {type(reply).__name__}")
    return reply
