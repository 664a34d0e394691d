"""A message's details as one text of JSON: few messages have any, and nobody searches for them."""

import msgspec

from onsite.core.model import NO_DETAILS, Details

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Details).decode


def details_to_text(details: Details) -> str | None:
    """Write them; None where there are none."""
    return None if details == NO_DETAILS else _encode(details).decode()


def details_from_text(text: str | None) -> Details:
    """Read what `details_to_text` wrote; what a newer release added is passed over."""
    return NO_DETAILS if text is None else _decode(text)
