"""Message contents that this release only names: a giveaway, "a person joined". Words only, no behaviour.

A content that Telegram adds later is named by its own key. To find that key, everything that accompanies a content
must be known: `ACCOMPANYING` lists it.
Source: https://core.telegram.org/bots/api#message (10.3)
"""

from typing import Any, NamedTuple

from shared.lenient import JsonObject, as_list, as_object, as_text


class Named(NamedTuple):
    """A content in words."""

    label: str
    by_system: bool = False
    """Whether Telegram itself reports something, rather than a person saying something."""
    text: str = ""
    """What of it can be read."""


_SHOWN = {
    "paid_media": "paid media",
    "rich_message": "formatted message",
    "live_photo": "live photo",
    "giveaway": "giveaway",
    "giveaway_winners": "giveaway winners",
}
"""Contents that a person sends."""

_SERVICE = {
    "new_chat_members": "somebody joined the group",
    "left_chat_member": "somebody left the group",
    "new_chat_title": "the group was renamed",
    "new_chat_photo": "the group has a new picture",
    "delete_chat_photo": "the group's picture was removed",
    "group_chat_created": "the group was created",
    "supergroup_chat_created": "the group was created",
    "channel_chat_created": "the channel was created",
    "message_auto_delete_timer_changed": "messages are now deleted after another time",
    "migrate_to_chat_id": "the group became a supergroup and goes on in another conversation",
    "migrate_from_chat_id": "the group became a supergroup; its earlier messages are in another conversation",
    "pinned_message": "a message was pinned",
    "successful_payment": "a payment was made",
    "refunded_payment": "a payment was refunded",
    "users_shared": "users were shared",
    "chat_shared": "a chat was shared",
    "gift": "a gift was sent",
    "unique_gift": "a unique gift was sent",
    "connected_website": "signed in on a website",
    "write_access_allowed": "the bot may write to this person",
    "passport_data": "passport data was shared",
    "proximity_alert_triggered": "somebody came close",
    "boost_added": "the group was boosted",
    "chat_background_set": "the chat has a new background",
    "checklist_tasks_done": "tasks of a checklist were ticked",
    "checklist_tasks_added": "tasks were added to a checklist",
    "direct_message_price_changed": "the price of direct messages changed",
    "paid_message_price_changed": "the price of messages changed",
    "web_app_data": "data of a web app",
    "giveaway_created": "a giveaway was started",
    "giveaway_completed": "a giveaway ended",
}
_SERVICE_FAMILIES = (
    "forum_topic_",
    "general_forum_topic_",
    "video_chat_",
    "suggested_post_",
    "community_chat_",
    "chat_owner_",
)
"""Service messages whose keys are words enough."""

ACCOMPANYING = frozenset({
    "author_signature", "business_connection_id", "caption", "caption_entities", "chat", "date",
    "direct_messages_topic", "edit_date", "effect_id", "entities", "ephemeral_message_id", "external_reply",
    "forward_date", "forward_from", "forward_from_chat", "forward_from_message_id", "forward_origin",
    "forward_sender_name", "forward_signature", "from", "guest_query_id", "has_media_spoiler",
    "has_protected_content", "is_automatic_forward", "is_from_offline", "is_paid_post", "is_topic_message",
    "link_preview_options", "media_group_id", "message_id", "message_thread_id", "paid_star_count", "quote",
    "receiver_user", "reply_markup", "reply_to_checklist_task_id", "reply_to_message", "reply_to_story",
    "sender_boost_count", "sender_business_bot", "sender_chat", "sender_tag", "show_caption_above_media",
    "suggested_post_info", "text", "via_bot",
})  # fmt: skip
"""Keys of a message that are no content of their own."""

_MAX_LABEL = 80


def name_content(message: JsonObject) -> Named:
    """Name a message that has neither a text nor an attachment."""
    for key, label in _SHOWN.items():
        if key in message:
            return Named(label)
    for key, label in _SERVICE.items():
        if key in message:
            return Named(label, by_system=True, text=_service_text(key, message[key]))
    return _name_unknown(sorted(message.keys() - ACCOMPANYING))


def _service_text(key: str, value: Any) -> str:
    """Return what of a service message can be read: a title, or who joined or left."""
    if key == "new_chat_members":
        return ", ".join(filter(None, (_name(as_object(member)) for member in as_list(value))))
    if key == "left_chat_member":
        return _name(as_object(value))
    return as_text(value) if key == "new_chat_title" else ""


def _name(user: JsonObject) -> str:
    return " ".join(filter(None, (as_text(user.get(key)) for key in ("first_name", "last_name"))))


def _name_unknown(keys: list[str]) -> Named:
    if not keys:
        return Named("message without content")
    family = next((key for key in keys if key.startswith(_SERVICE_FAMILIES)), None)
    return Named(in_words(family or keys[0]), by_system=family is not None)


def in_words(key: str) -> str:
    """Write a key of Telegram's as words, for want of better ones."""
    return as_text(key).replace("_", " ").strip()[:_MAX_LABEL] or "unnamed"
