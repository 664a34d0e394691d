"""Messenger's window: a page may write to a customer for a day after what they did last. Telegram has none.

A message opens it, and so do a pressed button and a reaction; what the page says does not.
Source: https://developers.facebook.com/docs/messenger-platform/policy/policy-overview (standard messaging)
"""

from onsite.core.model import Platform

WINDOW_MS = 24 * 3_600_000


def window_until_ms(platform: Platform, their_last_ms: int | None) -> int | None:
    """Return when the window ends, from when the customer did something last; None where there is no window."""
    if platform is not Platform.FACEBOOK:
        return None
    return 0 if their_last_ms is None else their_last_ms + WINDOW_MS
