"""Decides what to read next to fill a gap, and when the rest is beyond reach. Values only.

Lists come newest first by all that is known, but Meta does not promise it: a list ends only where a whole page lies
before the gap. Times of lists are whole seconds, so a second that lies partly in the gap belongs to it.
"""

from onsite.core.facebook.conversations import Listed, MessagePage, ThreadHead, ThreadPage
from onsite.core.gap import Span

_SECOND_MS = 1000


MOST_PAGES = 2000
"""Pages of one list: at two calls a second a quarter of an hour. More, and something is wrong with the list."""


class Trail:
    """Where a list was left, page by page. A list that leads back to where it was, or never ends, ends here."""

    def __init__(self, most_pages: int = MOST_PAGES) -> None:
        self._most_pages = most_pages
        self._seen: set[str] = set()
        self.is_cut = False
        """Whether the list would have gone on."""

    def further(self, after: str) -> str:
        """Return where the next page begins, or an empty text."""
        if not after:
            return ""
        self.is_cut = after in self._seen or len(self._seen) >= self._most_pages
        self._seen.add(after)
        return "" if self.is_cut else after


def threads_to_read(page: ThreadPage, since_ms: int) -> list[str]:
    """Return the threads in which something was said since then, those without a time included."""
    return [thread.id for thread in page.threads if _may_be_since(thread, since_ms)]


def newest_ms(page: ThreadPage) -> int | None:
    """Return when something was said last in any of the threads."""
    return max((thread.updated_at_ms for thread in page.threads if thread.updated_at_ms is not None), default=None)


def threads_go_on(page: ThreadPage, since_ms: int) -> str:
    """Return where the next page begins, if anything since then may be there; else an empty text."""
    return page.after if threads_to_read(page, since_ms) else ""


def messages_go_on(page: MessagePage, since_ms: int) -> str:
    """Return where the next page of messages begins, if anything since then may be there; else an empty text."""
    return page.after if any(each.at_ms + _SECOND_MS > since_ms for each in page.messages) else ""


def found_in(page: MessagePage, span: Span) -> list[Listed]:
    """Return the messages of the gap that can be read, oldest first, as they were said."""
    return [each for each in reversed(page.messages) if each.is_readable and span.has_second(each.at_ms)]


def unreadable_in(page: MessagePage, span: Span) -> list[str]:
    """Return the ids of the gap's messages that are listed and cannot be read."""
    return [each.mid for each in page.messages if not each.is_readable and span.has_second(each.at_ms)]


def _may_be_since(thread: ThreadHead, since_ms: int) -> bool:
    return thread.updated_at_ms is None or thread.updated_at_ms + _SECOND_MS > since_ms
