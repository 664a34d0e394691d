"""What the Send API takes and what it refuses. Pure: parameters in, a `Sending` or a GraphError out.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.templates import check_length, check_template

MAX_TEXT = 2000
MAX_METADATA = 1000
MAX_QUICK_REPLIES = 13
MAX_QUICK_REPLY_TITLE = 20
MAX_QUICK_REPLY_PAYLOAD = 1000

KNOWN_PARAMETERS = frozenset(
    {
        "fields",
        "filedata",
        "folder",
        "message",
        "messaging_type",
        "notification_type",
        "payload",
        "persona_id",
        "platform",
        "recipient",
        "reply_to",
        "sender_action",
        "suggestion_action",
        "tag",
        "thread_control",
    }
)
OBJECT_PARAMETERS = frozenset({"message", "payload", "recipient", "reply_to", "thread_control"})
"""In a form their values are JSON texts."""

MESSAGING_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
NOTIFICATION_TYPES = ("REGULAR", "SILENT_PUSH", "NO_PUSH")
SENDER_ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
HUMAN_AGENT = "HUMAN_AGENT"
RETIRED_TAGS = ("CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE")
"""Refused since 2026-04-27."""

ATTACHMENT_TYPES = ("image", "video", "audio", "file", "template")
MESSAGE_KEYS = frozenset({"attachment", "metadata", "quick_replies", "sticker_id", "text"})
RECIPIENT_KEYS = frozenset({"comment_id", "id", "notification_messages_token", "phone_number", "post_id", "user_ref"})

WINDOW_S = 24 * 3600
HUMAN_AGENT_WINDOW_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Sending:
    """A call that the Send API takes, as far as its form is concerned."""

    psid: str
    message: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sender_action: str = ""
    tag: str = ""

    def window_s(self) -> int:
        """How long after a person's last message this may be sent."""
        return HUMAN_AGENT_WINDOW_S if self.tag == HUMAN_AGENT else WINDOW_S


def read_sending(params: Mapping[str, Any], *, has_file: bool = False) -> Sending:
    """Check the form of a call, in the order in which Graph complains. Raises GraphError."""
    psid = _recipient(params.get("recipient"))
    action, message = params.get("sender_action"), params.get("message")
    if action and message:
        raise errors.bad_parameter("Message and sender_action cannot be in one call", subcode=2018014)
    _check_choice("notification_type", params.get("notification_type", "REGULAR"), NOTIFICATION_TYPES)
    if action:
        return Sending(psid, sender_action=_sender_action(action))
    checked = read_message(message, has_file=has_file)
    return Sending(psid, checked, tag=_tag(params))


def read_message(message: Any, *, has_file: bool = False) -> Mapping[str, Any]:
    """Check a message: exactly one of text, attachment and sticker. Raises GraphError 100."""
    if not isinstance(message, dict) or not message:
        raise _empty_message()
    _check_keys("message", message, MESSAGE_KEYS)
    kinds = [name for name in ("text", "attachment", "sticker_id") if message.get(name)]
    if not kinds:
        raise _empty_message()
    if len(kinds) > 1:
        raise errors.bad_parameter(f"Param message must have exactly one of text and attachment, got {kinds}")
    if "text" in kinds:
        check_length("message[text]", message["text"], MAX_TEXT)
    check_length("message[metadata]", message.get("metadata", ""), MAX_METADATA)
    _check_quick_replies(message.get("quick_replies", []))
    if "attachment" in kinds:
        _check_attachment(message["attachment"], has_file=has_file)
    return message


def _empty_message() -> errors.GraphError:
    return errors.bad_parameter("Message cannot be empty, must provide valid attachment or text", subcode=2018034)


def _recipient(recipient: Any) -> str:
    if recipient is None:
        raise errors.missing_parameter("recipient")
    if not isinstance(recipient, dict):
        raise errors.bad_parameter("Param recipient must be an object")
    _check_keys("recipient", recipient, RECIPIENT_KEYS)
    psid = recipient.get("id")
    if not isinstance(psid, str | int) or not str(psid).isdigit():
        raise errors.no_matching_user()
    return str(psid)


def _tag(params: Mapping[str, Any]) -> str:
    messaging_type = params.get("messaging_type")
    if not messaging_type:
        raise errors.missing_parameter("messaging_type")
    _check_choice("messaging_type", messaging_type, MESSAGING_TYPES)
    tag = str(params.get("tag") or "")
    if messaging_type != "MESSAGE_TAG":
        return ""
    if not tag:
        raise errors.missing_parameter("tag")
    if tag in RETIRED_TAGS:
        raise errors.bad_parameter(f"The message tag {tag} is no longer supported")
    _check_choice("tag", tag, (HUMAN_AGENT,))
    return tag


def _sender_action(action: Any) -> str:
    # Meta's guide writes it in small letters, Meta's own SDK in capitals; both are taken.
    name = str(action).lower()
    _check_choice("sender_action", name, SENDER_ACTIONS)
    return name


def _check_quick_replies(replies: Any) -> None:
    if not isinstance(replies, list) or len(replies) > MAX_QUICK_REPLIES:
        raise errors.bad_parameter(f"Param message[quick_replies] must have at most {MAX_QUICK_REPLIES} items")
    for reply in replies:
        if not isinstance(reply, dict) or reply.get("content_type") not in {"text", "user_phone_number", "user_email"}:
            raise errors.bad_parameter("Param message[quick_replies][content_type] is not valid")
        if reply["content_type"] == "text":
            check_length("message[quick_replies][title]", reply.get("title"), MAX_QUICK_REPLY_TITLE)
            check_length("message[quick_replies][payload]", reply.get("payload", ""), MAX_QUICK_REPLY_PAYLOAD)


def _check_attachment(attachment: Any, *, has_file: bool) -> None:
    if not isinstance(attachment, dict) or attachment.get("type") not in ATTACHMENT_TYPES:
        raise errors.bad_parameter(f"Param message[attachment][type] must be one of {_set(ATTACHMENT_TYPES)}")
    payload = attachment.get("payload")
    if not isinstance(payload, dict):
        raise errors.missing_parameter("message[attachment][payload]")
    if attachment["type"] == "template":
        check_template(payload)
        return
    sources = [name for name in ("url", "attachment_id") if payload.get(name)]
    if len(sources) + has_file != 1:
        raise errors.bad_parameter("An attachment needs exactly one of url, attachment_id and filedata")
    if "url" in sources and not str(payload["url"]).startswith(("https://", "http://")):
        raise errors.bad_parameter("Param message[attachment][payload][url] should represent a valid URL")


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise errors.bad_parameter(f"Param {name} must be one of {_set(choices)}")


def _check_keys(name: str, value: Mapping[str, Any], known: frozenset[str]) -> None:
    odd = sorted(set(value) - known)
    if odd:
        raise errors.bad_parameter(f'Invalid keys "{", ".join(odd)}" were found in param "{name}"')


def _set(choices: tuple[str, ...]) -> str:
    return "{" + ", ".join(choices) + "}"
