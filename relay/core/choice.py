"""Which events of an outbox an operator means: a stretch of time, one page, or one event. Values only.

Events stand in the order of their ids, `<milliseconds>-<number>`, of which the first part is when they came into this
outbox. So a stretch of time is a stretch of ids, and one event is a stretch of one.
"""

import re
from dataclasses import dataclass, replace

from shared.errors import UserError
from shared.moments import read_moment
from shared.names import is_page_id

FIRST, LAST = "-", "+"
"""The smallest and the greatest id there is, as Redis writes them (https://redis.io/docs/latest/commands/xrange/)."""

_ID = re.compile(r"[0-9]{1,15}-[0-9]{1,19}")
_CURSOR = re.compile(r"\(?[0-9]{1,15}-[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A stretch of ids, and of these the events of one page or of all."""

    first: str = FIRST
    """An id, milliseconds, FIRST, or `(` and an id: what stands behind that one."""
    last: str = LAST
    page_id: str = ""
    """Empty for every page."""

    def going_on(self, after: str, last: str) -> "Choice":
        """Return what is left of it behind `after`, where a step ended. Raises UserError for what no step can end with.

        `last` is the last id there was at the first step, so that what comes meanwhile is not chosen.
        """
        if (after and not _CURSOR.fullmatch(after)) or (last and not _ID.fullmatch(last)):
            raise UserError("the request goes on after something that is no place in an outbox")
        return replace(self, first=after or self.first, last=last or self.last)


def choose(*, since: str, until: str, page_id: str, event_id: str, now: float) -> Choice:
    """Read what an operator asked for; empty texts ask for nothing. Raises UserError in words."""
    if page_id and not is_page_id(page_id):
        raise UserError(f"{page_id!r} is no page id: a page's id is digits only")
    if not event_id:
        first = str(read_moment(since, now)) if since else FIRST
        last = str(read_moment(until, now)) if until else LAST
        return Choice(first, last, page_id)
    if since or until:
        raise UserError("one event is named by its id alone: leave out --since and --until")
    if not _ID.fullmatch(event_id):
        raise UserError(f"{event_id!r} is no id of an event; `relay outbox show` lists ids such as 1763806800123-0")
    return Choice(event_id, event_id, page_id)
