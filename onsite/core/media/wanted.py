"""Which attachments are fetched. Not how, and not when."""

from onsite.core.media.addresses import is_followed
from onsite.core.model import Attachment, AttachmentKind

KINDS = frozenset(
    {
        AttachmentKind.IMAGE,
        AttachmentKind.AUDIO,
        AttachmentKind.VOICE,
        AttachmentKind.VIDEO,
        AttachmentKind.VIDEO_NOTE,
        AttachmentKind.ANIMATION,
        AttachmentKind.FILE,
        AttachmentKind.STICKER,
    }
)
"""What a customer sent as a file. A link, a post or a product leads to somebody else's page and stays a reference."""


def is_wanted(attachment: Attachment) -> bool:
    """Whether the attachment's content is to be fetched: it is a file, and there is a handle or an address for it."""
    return attachment.kind in KINDS and (bool(attachment.file_id) or is_followed(attachment.url))
