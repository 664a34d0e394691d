"""The unified message model: what an event of any channel means. Defined here once, for both channels.

A translator reads one item of a platform and returns a `Translation`: the key that makes repeats harmless, and the
facts that the item states. The store applies facts; it knows no platform. What a translator does not know becomes a
`MessageFact` of kind PLACEHOLDER that names what came, so that no operator ever sees a blank; what breaks it raises
`TranslationError` and ends in quarantine.
"""

from dataclasses import dataclass
from enum import StrEnum


class Platform(StrEnum):
    """Where a channel lives."""

    FACEBOOK = "facebook"
    TELEGRAM = "telegram"


class Direction(StrEnum):
    """Seen from the contact centre."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    OPERATOR = "operator"
    """Someone of ours, through this product."""
    ELSEWHERE = "elsewhere"
    """Someone of ours, in the page's own inbox or through another app: we learn of it by an echo."""
    SYSTEM = "system"
    """The platform itself: a person joined, a page was restricted."""


class Kind(StrEnum):
    """What a message is at first sight; attachments say the rest."""

    TEXT = "text"
    MEDIA = "media"
    """Attachments, with or without a caption in `text`."""
    POSTBACK = "postback"
    """A button was pressed; `text` is its title, `payload` what the button carries."""
    NOTICE = "notice"
    """Something that happened rather than something that was said; `label` says what, `text` holds what can be read."""
    PLACEHOLDER = "placeholder"
    """Something this release cannot show; `label` names it in words."""


class Change(StrEnum):
    """What happened to a message after it was sent."""

    EDIT = "edit"
    """It says something else now; what it said before is kept."""
    REACTION = "reaction"
    """Somebody's reaction to it is `text` now; empty where it was taken back."""
    DELETION = "deletion"
    """Whoever sent it took it back."""


class AttachmentKind(StrEnum):
    """What an attachment is."""

    IMAGE = "image"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO = "video"
    VIDEO_NOTE = "video_note"
    ANIMATION = "animation"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    LINK = "link"
    POLL = "poll"
    """`title` is the question, `description` has an option on each line; a checklist looks the same."""
    DICE = "dice"
    """`title` is the emoji and the value that was thrown."""
    PRODUCT = "product"
    TEMPLATE = "template"
    """What an app composed: a text, cards, buttons."""
    POST = "post"
    REEL = "reel"
    STORY = "story"
    OTHER = "other"
    """A kind this release does not know; `title` names it."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A reference to something that is not text. The bytes are fetched elsewhere."""

    kind: AttachmentKind
    url: str = ""
    """Where the platform serves it, as the platform wrote it; never followed without the media guard."""
    file_id: str = ""
    """Telegram's handle for `getFile`."""
    name: str = ""
    mime_type: str = ""
    """What the sender claims; not to be believed."""
    size_bytes: int | None = None
    title: str = ""
    description: str = ""
    """What else of it can be read, a line for each thing."""
    latitude: float | None = None
    longitude: float | None = None


class Style(StrEnum):
    """What a part of a text looks like, or leads to."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKETHROUGH = "strikethrough"
    SPOILER = "spoiler"
    QUOTE = "quote"
    CODE = "code"
    PRE = "pre"
    LINK = "link"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that is formatted."""

    start: int
    """Counted in characters (Unicode code points), the first is 0."""
    length: int
    style: Style
    target: str = ""
    """Where a link leads where the text does not say it; a block of code's language."""


@dataclass(frozen=True, slots=True)
class Referral:
    """What brought a customer into a conversation. Empty texts mean "not told"."""

    source: str = ""
    """The platform's word, such as ADS or SHORTLINK."""
    ref: str = ""
    """What the contact centre put into its link."""
    ad_id: str = ""
    title: str = ""
    """The ad's or product's."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What few messages have."""

    spans: tuple[Span, ...] = ()
    forwarded_from: str = ""
    """Who said it first, by name."""
    quote: str = ""
    """The part of another message that it answers."""
    album_key: str = ""
    """The same for all messages that were sent as one album."""
    referral: Referral | None = None


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the channel names them. Empty texts mean "not told"."""

    key: str
    """Identity within the channel: a page-scoped id, or a Telegram user id."""
    name: str = ""
    username: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class MessageFact:
    """A message exists."""

    conversation_key: str
    """Identity of the conversation within its channel: the page-scoped id, or the Telegram chat id."""
    message_key: str
    """The platform's own id within the conversation (`mid`, Telegram's `message_id`), or one derived from the event."""
    direction: Direction
    author: Author
    sent_at_ms: int
    """By the platform's clock, milliseconds since 1970."""
    kind: Kind
    person: Person | None = None
    """The customer it concerns; None where no customer has a part in it (a channel post)."""
    conversation_title: str = ""
    """A group's name; empty in a conversation with one person."""
    text: str = ""
    payload: str = ""
    label: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to_key: str = ""
    correlation: str = ""
    """Our own id that came back with an echo: it settles a send whose answer was lost."""
    details: Details = NO_DETAILS
    change: Change | None = None
    """Set where this is no message of its own, but what became of the one that `about_key` names.

    It may come before that message, or without it; then it stands where a message would.
    """
    about_key: str = ""
    backfilled: bool = False
    """Whether it was found by reading the conversation afterwards; then its time is a whole second."""


class ReceiptState(StrEnum):
    """How far our messages got."""

    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """Messages of ours in one conversation were delivered or read: those named, and all sent until the watermark."""

    conversation_key: str
    state: ReceiptState
    message_keys: tuple[str, ...] = ()
    watermark_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ReachFact:
    """Whether anything can be said in a conversation: a person blocked us or came back, a group put us out."""

    conversation_key: str
    reachable: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class MoveFact:
    """A conversation goes on under another key of its channel, with message ids that begin anew."""

    conversation_key: str
    to_key: str


Fact = MessageFact | ReceiptFact | ReachFact | MoveFact


@dataclass(frozen=True, slots=True)
class Translation:
    """What one item of a platform means."""

    key: str
    """The same for every repetition of the same event within its channel, different for different events."""
    facts: tuple[Fact, ...]
    """May be empty: an authentic event that concerns no conversation is stored raw and counted, no more."""
