"""Turns rows into the values that people and programs get to see."""

from onsite.adapters.sql.details import details_from_text
from onsite.adapters.sql.statements import AnyRow
from onsite.core.media.states import MediaState
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import Attachment, AttachmentKind, Author, Change, Direction, Kind, Platform
from onsite.core.sending import SendState
from onsite.core.window import window_until_ms
from onsite.engine.media import MediaView
from onsite.engine.views import AttachmentView, ContactView, ConversationView, MessageView

_EXPLAINED = (SendState.QUEUED, SendState.FAILED, SendState.UNKNOWN)
"""States in which what went wrong is still of interest; what got through in the end needs no excuse."""


def contact_of(row: AnyRow) -> ContactView:
    """Read a row of `contacts` with its channel's platform."""
    return ContactView(
        id=row.id,
        channel_id=row.channel_id,
        platform=Platform(row.platform),
        key=row.key,
        name=row.name,
        username=row.username,
        language=row.language,
    )


def conversation_of(row: AnyRow) -> ConversationView:
    """Read a row of `conversations` with its channel, its customer and its last words."""
    return ConversationView(
        id=row.id,
        channel_id=row.channel_id,
        platform=Platform(row.platform),
        channel_name=row.channel_name,
        key=row.key,
        title=row.title,
        contact_id=row.contact_id,
        contact_name=row.contact_name or "",
        last_at_ms=row.last_at_ms,
        last_text=row.last_text,
        reachable=bool(row.reachable),
        moved_to=row.moved_to,
        is_open=bool(row.is_open),
        unread=row.unread,
        waiting_since_ms=row.waiting_since_ms,
        window_until_ms=window_until_ms(Platform(row.platform), row.their_last_ms),
    )


def message_of(row: AnyRow, attachments: tuple[AttachmentView, ...]) -> MessageView:
    """Read a row of `messages` with its author's name."""
    state = None if row.state is None else SendState(row.state)
    explained = state in _EXPLAINED
    return MessageView(
        id=row.id,
        conversation_id=row.conversation_id,
        direction=Direction(row.direction),
        author=Author(row.author),
        author_id=row.contact_id if row.author == Author.CONTACT else None,
        author_name=(row.author_name or "") if row.author == Author.CONTACT else "",
        kind=Kind(row.kind),
        sent_at_ms=row.sent_at_ms,
        text=row.text,
        payload=row.payload,
        label=row.label,
        reply_to_key=row.reply_to_key,
        key=row.key,
        state=state,
        failure_code=row.failure_code if explained else "",
        failure=row.failure if explained else "",
        backfilled=bool(row.backfilled),
        attachments=attachments,
        change=None if row.change is None else Change(row.change),
        about_key=row.about_key,
        details=details_from_text(row.details),
    )


def attachment_of(row: AnyRow, media: MediaView | None) -> AttachmentView:
    """Read a row of `attachments`."""
    attachment = Attachment(
        kind=AttachmentKind(row.kind),
        url=row.url,
        file_id=row.file_id,
        name=row.name,
        mime_type=row.mime_type,
        size_bytes=row.size_bytes,
        title=row.title,
        description=row.description,
        latitude=row.latitude,
        longitude=row.longitude,
    )
    return AttachmentView(attachment, media)


def media_of(row: AnyRow) -> MediaView:
    """Read a row of `media`."""
    return MediaView(
        id=row.id,
        state=MediaState(row.state),
        mime_type=row.mime_type,
        size_bytes=row.size_bytes,
        has_thumbnail=bool(row.thumbnail_type) and row.state == MediaState.STORED,
        trouble=MediaTrouble(row.trouble) if row.trouble else None,
        sentence=row.sentence,
    )
