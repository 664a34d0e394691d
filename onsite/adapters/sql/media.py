"""What is known of attachments' contents: which are to be fetched, and what came of it. Not the contents themselves."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, func, literal_column, select, update

from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import attachments, channels, conversations, media, messages
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.adapters.sql.views import media_of
from onsite.core.media.retries import Failure
from onsite.core.media.states import MediaEvent, MediaState, advance, states_before
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import AttachmentKind, Platform
from onsite.engine.channels import ChannelRef
from onsite.engine.errors import MediaNotFound
from onsite.engine.media import Content, Listed, MediaView, StoredMedia, Wanted

DUE_LIMIT = 20
"""How many one look brings; the next look comes as soon as one of them has ended."""

_WATCHED = (MediaState.PENDING, MediaState.FAILED)
_AGAIN = {"state": MediaState.PENDING, "tries": 0, "not_before_ms": 0, "trouble": "", "sentence": ""}

_CAME_WITH = (
    attachments.join(media, media.c.attachment_id == attachments.c.id)
    .join(messages, messages.c.id == attachments.c.message_id)
    .join(conversations, conversations.c.id == messages.c.conversation_id)
    .join(channels, channels.c.id == conversations.c.channel_id)
)
_WANTED = select(
    media.c.id,
    media.c.tries,
    attachments.c.kind,
    attachments.c.url,
    attachments.c.file_id,
    attachments.c.position,
    func.coalesce(messages.c.key, "").label("message_key"),
    conversations.c.channel_id,
    channels.c.platform,
    channels.c.external_id,
).select_from(_CAME_WITH)


def in_state(state: MediaState) -> ColumnElement[bool]:
    """Name a state in the statement's text: only so does a database use an index of the rows in it alone."""
    return media.c.state == _written(state)


def count_missing(connection: Connection) -> Mapping[MediaState, int]:
    """Count those that wait and those that failed."""
    count = select(func.count()).select_from(media)
    return {state: connection.execute(count.where(in_state(state))).scalar_one() for state in _WATCHED}


class SqlMedia(SqlStore):
    """Implements `MediaStore`."""

    @reading
    def due(
        self, connection: Connection, *, now_ms: int, busy: Collection[int], busy_channels: Collection[int]
    ) -> list[Wanted]:
        """Return what may be tried now, what waits longest first."""
        query = _WANTED.where(
            in_state(MediaState.PENDING),
            media.c.not_before_ms <= now_ms,
            media.c.id.not_in(busy),
            channels.c.id.not_in(busy_channels),
        )
        query = query.order_by(media.c.not_before_ms, media.c.id).limit(DUE_LIMIT)
        return [_wanted(row) for row in connection.execute(query)]

    @reading
    def next_due_ms(self, connection: Connection, *, now_ms: int) -> int | None:
        """Return when the next one that waits may be tried."""
        query = select(func.min(media.c.not_before_ms))
        query = query.where(in_state(MediaState.PENDING), media.c.not_before_ms > now_ms)
        moment: int | None = connection.execute(query).scalar_one()
        return moment

    @writing
    def start(self, connection: Connection, media_id: int, *, not_before_ms: int) -> bool:
        """Count a try. False when it is not to be fetched any more."""
        values = {"tries": media.c.tries + 1, "not_before_ms": not_before_ms}
        return bool(connection.execute(_pending(media_id).values(values)).rowcount)

    @writing
    def stored(self, connection: Connection, media_id: int, content: Content, *, now_ms: int) -> bool:
        """Note that the content's file is there. False when it is not wanted any more."""
        values = {
            "state": advance(MediaState.PENDING, MediaEvent.STORED),
            "trouble": "",
            "sentence": "",
            "sha256": content.sha256,
            "size_bytes": content.size_bytes,
            "mime_type": content.mime_type,
            "thumbnail_type": content.thumbnail_type,
            "stored_at_ms": now_ms,
        }
        return bool(connection.execute(_pending(media_id).values(values)).rowcount)

    @writing
    def failed(self, connection: Connection, media_id: int, failure: Failure, *, not_before_ms: int | None) -> None:
        """Note why a try was in vain."""
        values: dict[str, Any] = {"trouble": failure.trouble, "sentence": failure.sentence}
        if not_before_ms is None:
            values |= {"state": advance(MediaState.PENDING, MediaEvent.FAILED)}
        else:
            values |= {"not_before_ms": not_before_ms}
        connection.execute(_pending(media_id).values(values))

    @writing
    def ask(self, connection: Connection, media_id: int) -> MediaView:
        """Let one be fetched again, or at once where it waits. Raises MediaNotFound."""
        askable = (MediaState.PENDING, *states_before(MediaEvent.ASKED))
        connection.execute(update(media).where(media.c.id == media_id, media.c.state.in_(askable)).values(_AGAIN))
        return media_of(_row(connection, media_id))

    @writing
    def ask_all(self, connection: Connection) -> int:
        """Let all that failed be fetched again, and what waits at once."""
        return sum(
            connection.execute(update(media).where(in_state(state)).values(_AGAIN)).rowcount for state in _WATCHED
        )

    @writing
    def ask_for_channel(self, connection: Connection, channel_id: int) -> None:
        """Let all of a channel be fetched again that only wanted a token."""
        theirs = select(media.c.id).select_from(_CAME_WITH).where(conversations.c.channel_id == channel_id)
        theirs = theirs.where(_missing(), media.c.trouble == MediaTrouble.NO_TOKEN)
        connection.execute(update(media).where(media.c.id.in_(theirs)).values(_AGAIN))

    @reading
    def view(self, connection: Connection, media_id: int) -> MediaView:
        """Return one. Raises MediaNotFound."""
        return media_of(_row(connection, media_id))

    @reading
    def stored_media(self, connection: Connection, media_id: int) -> StoredMedia | MediaView:
        """Return one to be handed out, or as it is. Raises MediaNotFound."""
        row = _row(connection, media_id)
        if row.state != MediaState.STORED:
            return media_of(row)
        content = Content(row.sha256, row.size_bytes, row.mime_type, row.thumbnail_type)
        return StoredMedia(row.id, content, AttachmentKind(row.kind), row.name)

    @reading
    def not_here(self, connection: Connection, *, limit: int, before: int | None) -> list[Listed]:
        """List those that wait or failed, the newest first."""
        query = _rows().where(_missing())
        if before is not None:
            query = query.where(media.c.id < before)
        rows = connection.execute(query.order_by(media.c.id.desc()).limit(limit))
        return [Listed(media_of(row), AttachmentKind(row.kind), row.conversation_id, row.message_id) for row in rows]


def _missing() -> ColumnElement[bool]:
    return media.c.state.in_([_written(each) for each in _WATCHED])


def _written(state: MediaState) -> ColumnElement[str]:
    return literal_column(f"'{state}'", Text)


def _pending(media_id: int) -> Any:
    return update(media).where(media.c.id == media_id, in_state(MediaState.PENDING))


def _rows() -> Select[*tuple[Any, ...]]:
    return select(
        media, attachments.c.kind, attachments.c.name, messages.c.id.label("message_id"), messages.c.conversation_id
    ).select_from(_CAME_WITH)


def _row(connection: Connection, media_id: int) -> AnyRow:
    row: AnyRow | None = connection.execute(_rows().where(media.c.id == media_id)).first()
    if row is None:
        raise MediaNotFound(f"there is no media {media_id}")
    return row


def _wanted(row: AnyRow) -> Wanted:
    return Wanted(
        id=row.id,
        channel_id=row.channel_id,
        channel=ChannelRef(Platform(row.platform), row.external_id),
        kind=AttachmentKind(row.kind),
        message_key=row.message_key,
        position=row.position,
        url=row.url,
        file_id=row.file_id,
        tries=row.tries,
    )
