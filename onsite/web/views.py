"""The JSON shapes of `/api/v1`. Times are ISO 8601 in UTC with milliseconds. No credential is ever shown."""

from dataclasses import asdict
from typing import Any

from onsite.core.model import Referral, Span
from onsite.engine.channels import Channel
from onsite.engine.gaps import GapView
from onsite.engine.media import MediaView
from onsite.engine.relay_link import RelayLink
from onsite.engine.views import AttachmentView, ContactView, ConversationView, MessageView, Reaction, Version
from onsite.web.relay_events import OFF as NO_RELAY
from shared.clock import iso_ms


def channel_json(channel: Channel) -> dict[str, Any]:
    """Show a channel and its health."""
    return {
        "id": channel.id,
        "platform": channel.ref.platform,
        "external_id": channel.ref.external_id,
        "name": channel.name,
        "state": channel.state,
        "sentence": channel.sentence,
        "has_token": channel.has_token,
    }


def relay_json(link: RelayLink, *, site: str | None, last_batch_at_ms: int | None) -> dict[str, Any]:
    """Show the relay as this site sees it; without a site's name there is none, and nothing else to be said."""
    reading = link.reading
    return {
        "receiving": site is not None,
        "state": reading.state,
        "sentence": reading.sentence if site is not None else NO_RELAY,
        "waiting": reading.waiting,
        "pages": None if reading.pages is None else list(reading.pages),
        "checked_at": _iso(link.checked_at_ms),
        "announced_at": _iso(link.announced_at_ms),
        "last_batch_at": _iso(last_batch_at_ms),
    }


def contact_json(contact: ContactView) -> dict[str, Any]:
    """Show a customer."""
    return {
        "id": contact.id,
        "channel_id": contact.channel_id,
        "platform": contact.platform,
        "key": contact.key,
        "name": contact.name,
        "username": contact.username,
        "language": contact.language,
    }


def conversation_json(conversation: ConversationView) -> dict[str, Any]:
    """Show a conversation as a line of a list."""
    return {
        "id": conversation.id,
        "channel_id": conversation.channel_id,
        "platform": conversation.platform,
        "channel_name": conversation.channel_name,
        "key": conversation.key,
        "title": conversation.title,
        "contact_id": conversation.contact_id,
        "contact_name": conversation.contact_name,
        "last_at": iso_ms(conversation.last_at_ms),
        "last_text": conversation.last_text,
        "reachable": conversation.reachable,
        "moved_to": conversation.moved_to,
        "state": "open" if conversation.is_open else "closed",
        "unread": conversation.unread,
        "waiting_since": _iso(conversation.waiting_since_ms),
        "window_until": _iso(conversation.window_until_ms),
    }


def message_json(message: MessageView) -> dict[str, Any]:
    """Show a message; `state` and `failure` are null for incoming ones."""
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "key": message.key,
        "direction": message.direction,
        "author": message.author,
        "author_name": message.author_name,
        "kind": message.kind,
        "sent_at": iso_ms(message.sent_at_ms),
        "text": message.text,
        "payload": message.payload,
        "label": message.label,
        "reply_to_key": message.reply_to_key,
        "state": message.state,
        "failure": {"code": message.failure_code, "sentence": message.failure} if message.failure_code else None,
        "backfilled": message.backfilled,
        "attachments": [_attachment_json(attachment) for attachment in message.attachments],
        "formatting": [_span_json(span) for span in message.details.spans],
        "quote": message.details.quote,
        "forwarded_from": message.details.forwarded_from,
        "album_key": message.details.album_key,
        "referral": _referral_json(message.details.referral),
        "edited_at": _iso(message.edited_at_ms),
        "earlier": [_version_json(version) for version in message.earlier],
        "deleted_at": _iso(message.deleted_at_ms),
        "reactions": [_reaction_json(reaction) for reaction in message.reactions],
        "change": message.change,
        "about_key": message.about_key,
    }


def backfill_json(view: GapView) -> dict[str, Any]:
    """Show a gap, how far it is read, and what of it is beyond reach."""
    gap = view.gap
    return {
        "id": gap.id,
        "page_id": gap.page_id,
        "since": iso_ms(gap.span.since_ms),
        "until": iso_ms(gap.span.until_ms),
        "reason": gap.reason,
        "state": gap.state,
        "sentence": gap.sentence,
        "not_before": _iso(gap.not_before_ms or None),
        "merged_into": gap.merged_into,
        "ended_at": _iso(gap.ended_at_ms),
        "listed": gap.listed,
        "threads": view.threads,
        "read": view.read,
        "found": view.found,
        "missing": view.missing,
        "threads_beyond_reach": view.beyond_reach_count,
        "beyond_reach": [
            {"thread": each.thread_id, "contact_key": each.contact, "missing": each.missing}
            for each in view.beyond_reach
        ],
    }


def _iso(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else iso_ms(epoch_ms)


def _span_json(span: Span) -> dict[str, Any]:
    return {"start": span.start, "length": span.length, "style": span.style, "target": span.target}


def _referral_json(referral: Referral | None) -> dict[str, str] | None:
    return None if referral is None else asdict(referral)


def _version_json(version: Version) -> dict[str, Any]:
    return {
        "since": iso_ms(version.at_ms),
        "text": version.text,
        "label": version.label,
        "attachments": [_attachment_json(attachment) for attachment in version.attachments],
    }


def _reaction_json(reaction: Reaction) -> dict[str, Any]:
    return {
        "at": iso_ms(reaction.at_ms),
        "author": reaction.author,
        "author_name": reaction.author_name,
        "text": reaction.text,
    }


def media_json(media: MediaView) -> dict[str, Any]:
    """Show where a content is."""
    reason = None if media.trouble is None else {"code": media.trouble, "sentence": media.sentence}
    return {
        "id": media.id,
        "state": media.state,
        "mime_type": media.mime_type,
        "size_bytes": media.size_bytes,
        "thumbnail": media.has_thumbnail,
        "reason": reason,
    }


def _attachment_json(view: AttachmentView) -> dict[str, Any]:
    attachment = view.attachment
    return {
        "kind": attachment.kind,
        "url": attachment.url,
        "file_id": attachment.file_id,
        "name": attachment.name,
        "mime_type": attachment.mime_type,
        "size_bytes": attachment.size_bytes,
        "title": attachment.title,
        "description": attachment.description,
        "latitude": attachment.latitude,
        "longitude": attachment.longitude,
        "media": None if view.media is None else media_json(view.media),
    }
