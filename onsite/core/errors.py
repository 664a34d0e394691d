"""Errors of the on-site client.

SocialRelayError
└── OnsiteError
    ├── TranslationError      an item of a platform that no translator could read: it goes to quarantine
    ├── ChannelNotFound       no such channel
    ├── ConversationNotFound  no such conversation
    ├── NoConnectLink         the relay gave no link for connecting pages
    ├── NotGivenBack          the relay did not take a page back, or could not be asked
    ├── FacebookError         Facebook did not tell what it was asked
    └── TelegramError         Telegram refused a call; says whether to stop, wait, or try again
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.errors import SocialRelayError, UserError
from shared.graph import GraphTrouble


class OnsiteError(SocialRelayError):
    """Something at the site went wrong."""


class TranslationError(OnsiteError):
    """An item could not be read; the message says what was odd about it and repeats none of its text."""


class ChannelNotFound(OnsiteError, UserError):
    """There is no such channel."""


class ConversationNotFound(OnsiteError, UserError):
    """There is no such conversation."""


class NoConnectLink(OnsiteError, UserError):
    """The relay gave no link for connecting pages, or could not be asked; the message says what to do."""


class NotGivenBack(OnsiteError, UserError):
    """The relay did not take a page back, or could not be asked; the message says what to do."""


@dataclass(eq=False)  # as TelegramError below
class FacebookError(OnsiteError):
    """Facebook refused to tell what it was asked, or could not be asked."""

    sentence: str
    """For operators. Never holds the token."""
    trouble: GraphTrouble | None = None
    """None where no usable answer came."""
    regain_s: float = 0.0
    """Seconds for which Facebook asked not to be called, as far as it told."""

    def __str__(self) -> str:
        return self.sentence


class TelegramTrouble(StrEnum):
    """What a refused call means for whoever called."""

    TOKEN = "token"  # noqa: S105  a kind, not a secret
    """The token is wrong, revoked or logged out: stop until an admin gives another."""
    CONFLICT = "conflict"
    """Someone else polls this bot, or a webhook is set: say so, and try again seldom."""
    THROTTLED = "throttled"
    """Come back after `retry_after_s`."""
    REFUSED = "refused"
    """This very call will never succeed."""
    UNREACHABLE = "unreachable"
    """No connection was made: certainly nothing happened there."""
    UNCLEAR = "unclear"
    """A connection was made, but no usable answer came: it may have happened."""


@dataclass(eq=False)  # an error is itself only, and stays hashable, as tracebacks and task groups expect
class TelegramError(OnsiteError):
    """Telegram refused a call, or could not be asked."""

    trouble: TelegramTrouble
    description: str
    """Telegram's own words, or ours where it said nothing. Never holds the token."""
    retry_after_s: float = 0.0
    migrate_to_chat_id: int | None = None

    def __str__(self) -> str:
        return self.description
