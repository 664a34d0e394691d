"""Attachments of a message as the Conversations API writes them, which is not as the webhook does. Pure.

Shapes are third-party knowledge: `image_data` and `video_data` with addresses inside, `file_url` for the rest.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.simulators.graph.world import Said

MIME_TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg", "file": "application/octet-stream"}
STICKER = "sticker"


def attachments_of(said: Said) -> dict[str, Any] | None:
    """Write what was attached; None for nothing. Templates and stickers are no attachments here."""
    shown = [
        _shown(said.mid, position, item)
        for position, item in enumerate(_items(said))
        if item.get("type") in MIME_TYPES and "sticker_id" not in _payload(item)
    ]
    return {"data": shown} if shown else None


def sticker_of(said: Said) -> str | None:
    """Return the address of a sticker; None where there is none."""
    for item in _items(said):
        if item.get("type") == STICKER or "sticker_id" in _payload(item):
            return str(_payload(item).get("url") or "https://scontent.xx.fbcdn.net/v/sticker.png")
    return None


def _items(said: Said) -> list[Mapping[str, Any]]:
    single = said.message.get("attachment")
    return list(said.message.get("attachments") or ([single] if single else []))


def _payload(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("payload") or {}


def _shown(mid: str, position: int, item: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(item["type"])
    url = str(_payload(item).get("url") or f"https://scontent.xx.fbcdn.net/v/{kind}")
    number = int.from_bytes(hashlib.sha256(f"{mid}/{position}".encode()).digest()[:7], "big")
    name = url.partition("?")[0].rpartition("/")[2] or kind
    shown: dict[str, Any] = {"id": str(number), "mime_type": MIME_TYPES[kind], "name": name, "size": 2048}
    if kind == "image":
        size = {"width": 480, "height": 360, "max_width": 480, "max_height": 360}
        return shown | {"image_data": size | _image(url)}
    if kind == "video":
        return shown | {"video_data": {"width": 480, "height": 360, "length": 5, "url": url, "preview_url": url}}
    return shown | {"file_url": url}


def _image(url: str) -> dict[str, Any]:
    return {"url": url, "preview_url": url, "image_type": 1, "render_as_sticker": False}
