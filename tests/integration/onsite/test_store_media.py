"""What is kept of contents: a row for each that is to be fetched, made with its message, and one content for many."""

from dataclasses import replace

import pytest
from sqlalchemy import delete

from onsite.adapters.sql.media import SqlMedia
from onsite.adapters.sql.media_keeping import SqlKeptMedia
from onsite.adapters.sql.tables import messages
from onsite.core.media.keeping import Kept
from onsite.core.media.retries import Failure
from onsite.core.media.states import MediaState
from onsite.core.media.troubles import MediaTrouble
from onsite.core.model import Attachment, AttachmentKind, Kind
from onsite.engine.channels import ChannelRef
from onsite.engine.errors import MediaNotFound
from onsite.engine.incoming import IncomingEvent
from onsite.engine.media import Content, MediaView, StoredMedia
from tests.integration.onsite.store import BOT, PAGE, Store, event, on_both_databases, said

pytestmark = on_both_databases

PICTURE = Attachment(AttachmentKind.IMAGE, url="https://scontent.xx.fbcdn.net/1.jpg", name="claimed.jpg")
VOICE = Attachment(AttachmentKind.VOICE, file_id="AwACAgQ")
PLACE = Attachment(AttachmentKind.LOCATION, latitude=1.0, longitude=2.0)
CONTENT = Content("ab" * 32, 1234, "image/jpeg", "image/jpeg")
OTHER = Content("cd" * 32, 100, "audio/ogg", "")
GONE = Failure(MediaTrouble.GONE, "It is gone.")
NOT_KEPT = Failure(MediaTrouble.NOT_KEPT, "It is not kept.")


def sent(key: str, *attachments: Attachment, channel: ChannelRef = PAGE) -> IncomingEvent:
    fact = replace(said(f"m:{key}", ""), kind=Kind.MEDIA, attachments=attachments)
    return event(f"e:{key}", fact, channel=channel)


@pytest.fixture
def media(store: Store) -> SqlMedia:
    return SqlMedia(store.database)


@pytest.fixture
def kept(store: Store) -> SqlKeptMedia:
    return SqlKeptMedia(store.database)


async def shown(store: Store) -> list[MediaView | None]:
    """Return the contents of the only conversation's attachments, the oldest message's first."""
    return [each.media for message in await store.messages() for each in message.attachments]


async def due(
    media: SqlMedia, now_ms: int = 0, busy: tuple[int, ...] = (), busy_channels: tuple[int, ...] = ()
) -> list[int]:
    return [each.id for each in await media.due(now_ms=now_ms, busy=busy, busy_channels=busy_channels)]


async def test_a_message_brings_a_row_for_each_content_that_is_to_be_fetched(store: Store, media: SqlMedia) -> None:
    applied = await store.take(sent("1", PLACE, PICTURE))

    assert applied.media == 1
    (wanted,) = await media.due(now_ms=0, busy=(), busy_channels=())
    assert (wanted.channel, wanted.message_key, wanted.position, wanted.url, wanted.tries) == (
        PAGE,
        "m:1",
        1,
        PICTURE.url,
        0,
    )
    place, picture = await shown(store)
    assert place is None
    assert picture == MediaView(wanted.id, MediaState.PENDING, "", None, has_thumbnail=False, trouble=None, sentence="")


async def test_a_message_told_twice_is_fetched_once(store: Store, media: SqlMedia) -> None:
    await store.take(sent("1", PICTURE))
    again = await store.take(replace(sent("1", PICTURE), key="e:again"))

    assert again.media == 0
    assert len(await due(media)) == 1


async def test_a_text_makes_no_row(store: Store, media: SqlMedia) -> None:
    assert (await store.take(event("e", said("m")))).media == 0
    assert await due(media) == []


async def test_a_try_is_counted_before_it_is_made_and_the_next_one_waits(store: Store, media: SqlMedia) -> None:
    await store.take(sent("1", VOICE, channel=BOT))
    (media_id,) = await due(media)

    assert await media.start(media_id, not_before_ms=5000)

    assert (await due(media, 4999), await due(media, 5000)) == ([], [media_id])
    assert (await media.next_due_ms(now_ms=0), await media.next_due_ms(now_ms=5000)) == (5000, None)
    view = await media.view(media_id)
    assert (view.state, view.trouble) == (MediaState.PENDING, None)
    (wanted,) = await media.due(now_ms=5000, busy=(), busy_channels=())
    assert (wanted.tries, wanted.file_id, wanted.channel) == (1, "AwACAgQ", BOT)


async def test_what_is_under_way_is_not_due(store: Store, media: SqlMedia) -> None:
    await store.take(sent("1", PICTURE), sent("2", VOICE, channel=BOT))
    first, second = await due(media)
    (wanted, _) = await media.due(now_ms=0, busy=(), busy_channels=())

    assert await due(media, busy=(first,)) == [second]
    assert await due(media, busy_channels=(wanted.channel_id,)) == [second]


async def test_a_stored_content_is_shown_and_handed_out_under_the_senders_name(store: Store, media: SqlMedia) -> None:
    await store.take(sent("1", PICTURE))
    (media_id,) = await due(media)
    await media.start(media_id, not_before_ms=5000)

    assert await media.stored(media_id, CONTENT, now_ms=7000)

    assert await shown(store) == [
        MediaView(media_id, MediaState.STORED, "image/jpeg", 1234, has_thumbnail=True, trouble=None, sentence="")
    ]
    found = await media.stored_media(media_id)
    assert found == StoredMedia(media_id, CONTENT, AttachmentKind.IMAGE, "claimed.jpg")
    assert await due(media, 10**12) == []
    assert not await media.stored(media_id, CONTENT, now_ms=7001)
    assert not await media.start(media_id, not_before_ms=0)


async def test_a_failure_says_why_and_waits_or_ends(store: Store, media: SqlMedia) -> None:
    await store.take(sent("1", PICTURE))
    (media_id,) = await due(media)

    await media.failed(media_id, Failure(MediaTrouble.UNREACHABLE, "Nobody there."), not_before_ms=9000)
    waiting = await media.view(media_id)
    await media.failed(media_id, GONE, not_before_ms=None)
    ended = await media.stored_media(media_id)

    assert (waiting.state, waiting.trouble, waiting.sentence) == (
        MediaState.PENDING,
        MediaTrouble.UNREACHABLE,
        "Nobody there.",
    )
    assert isinstance(ended, MediaView)
    assert (ended.state, ended.trouble) == (MediaState.FAILED, MediaTrouble.GONE)
    assert await due(media, 10**12) == []
    assert (await store.reader.counts()).media == {MediaState.PENDING: 0, MediaState.FAILED: 1}


async def test_what_failed_is_fetched_again_when_somebody_asks(store: Store, media: SqlMedia) -> None:
    await store.take(*(sent(str(number), PICTURE) for number in range(3)))
    first, second, third = await due(media)
    for media_id in (first, second):
        await media.start(media_id, not_before_ms=1)
        await media.failed(media_id, GONE, not_before_ms=None)
    await media.stored(third, CONTENT, now_ms=1)

    view = await media.ask(first)
    assert (view.state, view.trouble) == (MediaState.PENDING, None)
    assert await due(media) == [first]
    assert await media.ask_all() == 2
    assert await due(media) == [first, second]
    assert (await media.ask(third)).state is MediaState.STORED
    assert (await store.reader.counts()).media == {MediaState.PENDING: 2, MediaState.FAILED: 0}


async def test_what_only_wanted_a_token_is_fetched_again_when_its_channel_has_one(
    store: Store, media: SqlMedia
) -> None:
    await store.take(sent("1", VOICE, channel=BOT), sent("2", VOICE, channel=BOT), sent("3", PICTURE))
    wanted = await media.due(now_ms=0, busy=(), busy_channels=())
    no_token = Failure(MediaTrouble.NO_TOKEN, "There is none.")
    first, second, third = [each.id for each in wanted]
    await media.failed(first, no_token, not_before_ms=None)
    await media.failed(second, GONE, not_before_ms=None)
    await media.failed(third, no_token, not_before_ms=9000)

    await media.ask_for_channel(wanted[0].channel_id)

    assert await due(media) == [first]
    assert (await media.view(second)).state is MediaState.FAILED
    assert (await media.view(third)).trouble is MediaTrouble.NO_TOKEN


async def test_what_is_not_here_is_listed_with_its_place(store: Store, media: SqlMedia) -> None:
    await store.take(*(sent(str(number), PICTURE) for number in range(3)))
    first, second, third = await due(media)
    await media.failed(first, GONE, not_before_ms=None)
    await media.stored(second, CONTENT, now_ms=1)

    listed = await media.not_here(limit=10, before=None)

    conversation = await store.conversation()
    assert [(each.media.id, each.conversation_id, each.kind) for each in listed] == [
        (third, conversation.id, AttachmentKind.IMAGE),
        (first, conversation.id, AttachmentKind.IMAGE),
    ]
    assert [each.media.id for each in await media.not_here(limit=10, before=third)] == [first]


async def test_a_row_that_is_not_there_is_said(media: SqlMedia) -> None:
    for ask in (media.view, media.stored_media, media.ask):
        with pytest.raises(MediaNotFound, match="there is no media 99"):
            await ask(99)


async def test_a_content_that_two_messages_share_counts_once_and_stays_while_one_needs_it(
    store: Store, media: SqlMedia, kept: SqlKeptMedia
) -> None:
    await store.take(*(sent(str(number), PICTURE) for number in range(3)))
    first, second, third = await due(media)
    await media.stored(first, CONTENT, now_ms=1000)
    await media.stored(second, OTHER, now_ms=2000)
    await media.stored(third, CONTENT, now_ms=3000)

    assert await kept.total_bytes() == CONTENT.size_bytes + OTHER.size_bytes
    assert await kept.oldest(limit=10) == [Kept(OTHER.sha256, 100), Kept(CONTENT.sha256, 1234)]

    assert await kept.drop_older(than_ms=2001, failure=NOT_KEPT, limit=10) == {CONTENT.sha256, OTHER.sha256}

    assert await kept.needed([CONTENT.sha256, OTHER.sha256, "ee" * 32]) == {CONTENT.sha256}
    dropped = await media.view(first)
    assert (dropped.state, dropped.trouble, dropped.has_thumbnail) == (
        MediaState.DROPPED,
        MediaTrouble.NOT_KEPT,
        False,
    )
    assert (await media.view(third)).state is MediaState.STORED
    assert await kept.total_bytes() == CONTENT.size_bytes

    await kept.drop_contents([CONTENT.sha256], NOT_KEPT)
    assert (await kept.total_bytes(), await kept.needed([CONTENT.sha256])) == (0, set())
    assert (await media.ask(third)).state is MediaState.PENDING


async def test_a_message_that_goes_takes_its_rows_with_it(store: Store, media: SqlMedia, kept: SqlKeptMedia) -> None:
    await store.take(sent("1", PICTURE))
    (media_id,) = await due(media)
    await media.stored(media_id, CONTENT, now_ms=1)

    await store.database.write(lambda connection: connection.execute(delete(messages)))

    assert await kept.needed([CONTENT.sha256]) == set()
    with pytest.raises(MediaNotFound):
        await media.view(media_id)
