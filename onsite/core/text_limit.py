"""How long a text may be that goes to a platform. Decides only; splitting is another matter."""

from onsite.core.sending import Refused


def utf16_units(text: str) -> int:
    """Count a text as JavaScript, Java and Telegram's clients do: an emoji counts as two or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text_problem(text: str, *, platform: str, limit: int) -> Refused | None:
    """Say why `text` cannot be sent, or None.

    `limit` is in UTF-16 code units, the larger of all ways to count that the platforms may mean: what passes here
    is never refused there as too long.
    """
    if not text.strip():
        return Refused("text_empty", "An empty message cannot be sent.")
    length = utf16_units(text)
    if length > limit:
        return Refused("text_too_long", f"The message is too long for {platform}: {length} of {limit} characters.")
    return None
