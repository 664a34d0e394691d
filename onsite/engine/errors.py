"""Errors of the use cases.

    OnsiteError
    ├── StoreUnavailable   the database cannot be written or read just now; nothing was changed
    ├── MessageNotFound    no such message
    ├── GapNotFound        no such gap
    ├── EventNotFound      no such event in quarantine
    ├── MediaNotFound      no such content
    ├── Unprocessable      what was asked for can never work as it stands; the sentence says why
    └── Contradiction      what was asked for does not fit what is there; the sentence says what is there

`ChannelNotFound` and `ConversationNotFound` live in `onsite.core.errors`.
"""

from onsite.core.errors import OnsiteError
from shared.errors import UserError


class StoreUnavailable(OnsiteError):
    """The database did not do its work; the transaction is undone as a whole."""


class MessageNotFound(OnsiteError, UserError):
    """There is no such message."""


class GapNotFound(OnsiteError, UserError):
    """There is no such gap."""


class EventNotFound(OnsiteError, UserError):
    """There is no such event in quarantine."""


class MediaNotFound(OnsiteError, UserError):
    """There is no such content."""


class Unprocessable(OnsiteError, UserError):
    """The request is understood, but nothing like it will ever succeed."""


class Contradiction(OnsiteError, UserError):
    """The request does not fit the present state."""
