"""Why an attachment's content is not here: codes for programs, sentences for people, and whether trying again helps."""

from enum import StrEnum


class MediaTrouble(StrEnum):
    """What kept it from being fetched, or from being kept."""

    TOO_LARGE = "too_large"
    """Larger than the platform gives away, or than this site takes."""
    NOT_ALLOWED = "not_allowed"
    """Its address leads somewhere that nobody follows."""
    GONE = "gone"
    """The platform has it no longer, or never had it."""
    EXPIRED = "expired"
    """Its address is not good any more, and no other one could be had."""
    NO_TOKEN = "no_token"  # noqa: S105  a kind, not a secret
    """The channel has no token to ask with, or a dead one."""
    THROTTLED = "throttled"
    """The platform asks for a pause."""
    UNREACHABLE = "unreachable"
    """No connection, or no usable answer."""
    TOO_SLOW = "too_slow"
    """It did not come within the time that one fetch may take."""
    CUT_OFF = "cut_off"
    """It ended before all of it had come."""
    NOT_WRITTEN = "not_written"
    """The disk did not take it."""
    INTERRUPTED = "interrupted"
    """The site ended or broke off each time it was fetched."""
    NOT_KEPT = "not_kept"
    """It was here; the rules of how long and how much is kept removed it."""


LASTING = frozenset(
    {MediaTrouble.TOO_LARGE, MediaTrouble.NOT_ALLOWED, MediaTrouble.GONE, MediaTrouble.NOT_KEPT},
)
"""What is the same at the next try."""

TOO_LARGE = "The file is larger than this site takes ({limit}, ONSITE_MEDIA_MAX_FILE_MB)."


TOO_LARGE_FOR_BOTS = "The file is larger than the 20 MB that Telegram gives to bots: ask the customer for a link to it."
NOT_FACEBOOKS = "Its address is not one of Facebook's media servers, and was not followed."
REDIRECTED = "Its address leads on to another one, which is not followed."
LEADS_INSIDE = "{leads}: nothing is fetched from there. Does a filter in this network answer for Facebook's names?"
GONE = "{platform} does not have the file any more."
EXPIRED = "The file's address is not good any more, and Facebook gave no other. {why}"
NO_TOKEN = "The channel has no usable token; the file is fetched when it is given one."  # noqa: S105  a sentence
THROTTLED = "{platform} asks for a pause; the file is fetched after it."
TOO_SLOW = "The file did not come in time."
CUT_OFF = "The file ended before all of it had come."
NOT_WRITTEN = "The file could not be written into the data folder: {why}."
INTERRUPTED = "Each time it was fetched, the site stopped in the middle of it: see its log."
NOT_KEPT = "The file is not kept any longer, as ONSITE_MEDIA_KEEP_DAYS or ONSITE_MEDIA_KEEP_GB say."
