"""Builds events as Meta's webhooks tell them. Pure: ids and moments in, items of `entry[].messaging` out.

Shapes: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks, events.
Every function takes the page, the person, and the moment in milliseconds since 1970.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulators.graph.world import Said

Event = dict[str, Any]

FIELD_OF_KEY = {
    "message": "messages",
    "message_edit": "message_edits",
    "reaction": "message_reactions",
    "postback": "messaging_postbacks",
    "delivery": "message_deliveries",
    "read": "message_reads",
    "referral": "messaging_referrals",
    "optin": "messaging_optins",
}
"""Which subscription lets an event through, by the key that makes its kind."""


def field_of(event: Mapping[str, Any]) -> str:
    """Name the field that must be subscribed for this event. Raises KeyError for a kind that has none here."""
    if (event.get("message") or {}).get("is_echo"):
        return "message_echoes"
    return next(FIELD_OF_KEY[key] for key in FIELD_OF_KEY if key in event)


def page_body(page_id: str, events: Sequence[Event], *, at_ms: int) -> dict[str, Any]:
    """Wrap events of one page as a webhook body."""
    return {"object": "page", "entry": [{"id": page_id, "time": at_ms, "messaging": list(events)}]}


def text_message(page_id: str, psid: str, text: str, *, mid: str, at_ms: int, reply_to: str = "") -> Event:
    """Someone wrote."""
    reply = {"reply_to": {"mid": reply_to, "is_self_reply": False}} if reply_to else {}
    return _event(page_id, psid, at_ms, message={"mid": mid, "text": text} | reply)


def attachment_message(
    page_id: str, psid: str, attachments: Sequence[Mapping[str, Any]], *, mid: str, at_ms: int, text: str = ""
) -> Event:
    """Someone sent pictures, files, a sticker: items such as `{"type": "image", "payload": {"url": "…"}}`."""
    message: dict[str, Any] = {"mid": mid, "attachments": [dict(item) for item in attachments]}
    return _event(page_id, psid, at_ms, message=message | ({"text": text} if text else {}))


def quick_reply(page_id: str, psid: str, text: str, payload: str, *, mid: str, at_ms: int) -> Event:
    """Someone tapped a quick reply."""
    return _event(page_id, psid, at_ms, message={"mid": mid, "text": text, "quick_reply": {"payload": payload}})


def message_edit(page_id: str, psid: str, text: str, *, mid: str, num_edit: int, at_ms: int) -> Event:
    """Someone changed an earlier message."""
    return _event(page_id, psid, at_ms, message_edit={"mid": mid, "text": text, "num_edit": num_edit})


def postback(page_id: str, psid: str, title: str, payload: str, *, mid: str, at_ms: int) -> Event:
    """Someone pressed a button."""
    return _event(page_id, psid, at_ms, postback={"mid": mid, "title": title, "payload": payload})


def reaction(page_id: str, psid: str, emoji: str, *, mid: str, at_ms: int, name: str = "other") -> Event:
    """Someone reacted to a message; an empty emoji takes the reaction back."""
    told = {"mid": mid, "action": "react", "reaction": name, "emoji": emoji}
    return _event(page_id, psid, at_ms, reaction=told if emoji else {"mid": mid, "action": "unreact"})


def read(page_id: str, psid: str, *, watermark_ms: int, at_ms: int) -> Event:
    """Someone saw everything up to the watermark."""
    return _event(page_id, psid, at_ms, read={"watermark": watermark_ms})


def delivery(page_id: str, psid: str, mids: Sequence[str], *, watermark_ms: int) -> Event:
    """Messages arrived. Meta's sample has no timestamp."""
    event = _event(page_id, psid, 0, delivery={"mids": list(mids), "watermark": watermark_ms})
    del event["timestamp"]
    return event


def referral(page_id: str, psid: str, ref: str, *, at_ms: int) -> Event:
    """Someone came back to the conversation through an m.me link."""
    return _event(page_id, psid, at_ms, referral={"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"})


def echo(said: Said, *, at_ms: int) -> Event:
    """Tell what the page's own side said: sender and recipient are swapped."""
    message: dict[str, Any] = {"mid": said.mid, "is_echo": True}
    if said.via_app:
        message["app_id"] = int(said.via_app)
    message |= {key: said.message[key] for key in ("metadata", "text") if key in said.message}
    if "attachment" in said.message:
        message["attachments"] = [_echoed_attachment(said.message["attachment"])]
    return {"sender": {"id": said.page_id}, "recipient": {"id": said.psid}, "timestamp": at_ms, "message": message}


def _echoed_attachment(attachment: Mapping[str, Any]) -> dict[str, Any]:
    """Show what was sent as Meta shows it: a template as it was, media by an address of Meta's."""
    kind, payload = attachment["type"], dict(attachment["payload"])
    if kind == "template":
        return {"type": kind, "title": payload.get("text", ""), "url": None, "payload": payload}
    url = payload.get("url") or f"https://scontent.xx.fbcdn.net/v/{payload.get('attachment_id', 'upload')}"
    return {"type": kind, "payload": {"url": url}}


def _event(page_id: str, psid: str, at_ms: int, **kind: Any) -> Event:
    return {"sender": {"id": psid}, "recipient": {"id": page_id}, "timestamp": at_ms, **kind}
