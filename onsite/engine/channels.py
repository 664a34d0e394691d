"""What a channel is: a Facebook page or a Telegram bot, its health, its credentials. Not how it is polled or stored.

Health is one state and one sentence. The sentence is for operators: what happened and what to do.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr

from onsite.core.model import Platform


class ChannelState(StrEnum):
    """How a channel is."""

    OK = "ok"
    NO_TOKEN = "no_token"  # noqa: S105  a state, not a secret
    """It receives, but there is nothing to send (or poll) with."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105  a state, not a secret
    """Telegram does not know the token: polling has stopped until another is given."""
    CONFLICT = "conflict"
    """Another program polls this bot, or a webhook is set; asked again every now and then."""
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """Telegram refuses to be polled for another reason, which its words tell; asked again every now and then."""
    SENDING_REFUSED = "sending_refused"
    """The platform refuses replies of this channel as a whole; the next one that gets through clears it."""
    UNCHECKED = "unchecked"
    """The token is stored, but Facebook did not say whose it is; the next reply that gets through clears it."""
    DISCONNECTED = "disconnected"
    """The relay sends nothing for this page any more; replies can be tried still. Connecting it again clears it."""
    TOKEN_DEAD = "token_dead"  # noqa: S105  as above
    """Facebook takes the page's token no longer, as the relay found: messages still come. Connecting the page again,
    another token, or a reply that gets through clears it."""
    REMOVED = "removed"
    """Taken away by an admin: credentials erased, history kept, not listed."""


UNARMED = (
    "there is no token yet: messages are received, replies cannot be sent. Connect the page with `onsite connect` or,"
    " where the relay offers no such link, give its token with `onsite channel add facebook PAGE_ID`"
)
"""What a page says whose events the relay sends although nobody has connected it: an operator bound it."""

POLLING_STATES = frozenset(
    {
        ChannelState.TOKEN_REFUSED,
        ChannelState.CONFLICT,
        ChannelState.THROTTLED,
        ChannelState.UNREACHABLE,
        ChannelState.REFUSED,
    }
)
"""States that a poller sets and a successful poll clears."""


SENDING_STATES = frozenset({ChannelState.OK, ChannelState.SENDING_REFUSED, ChannelState.UNCHECKED})
"""States that an attempt to send may change."""

CLEARED_BY_SENDING = SENDING_STATES - {ChannelState.OK} | {ChannelState.TOKEN_DEAD}
"""States that a reply that got through ends: whatever was said of the token before, it works."""


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """A channel as the outside world names it."""

    platform: Platform
    external_id: str
    """The page's id or the bot's id."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the store keeps it, without its credentials."""

    id: int
    ref: ChannelRef
    name: str
    state: ChannelState
    sentence: str
    has_token: bool

    @property
    def is_polled(self) -> bool:
        """Whether this site fetches the channel's messages itself."""
        return self.ref.platform is Platform.TELEGRAM and self.has_token


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a channel sends and polls with."""

    token: SecretStr
    proof: SecretStr | None = field(default=None)
    """Facebook's `appsecret_proof` for this token, where the app demands one."""
