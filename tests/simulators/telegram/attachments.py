"""What customers attach, in the shapes of the Bot API's Message. Files are kept with the bot that gets them.

Each function returns the keys that its kind adds to a message:
`await sim.customers.sends(bot.token, user.id, attachments.photo(bot, …))`.
"""

from typing import Any

from tests.simulators.telegram.world import Bot


def photo(bot: Bot, content: bytes, *, width: int = 800, height: int = 600) -> dict[str, Any]:
    """Attach a picture in two sizes, the last one the largest."""
    small = bot.add_file("photos", "photo.jpg", content[: len(content) // 2])
    large = bot.add_file("photos", "photo.jpg", content)
    return {
        "photo": [
            small.as_reference() | {"width": width // 10, "height": height // 10},
            large.as_reference() | {"width": width, "height": height},
        ]
    }


def document(
    bot: Bot, content: bytes, *, file_name: str, mime_type: str = "application/octet-stream", size: int | None = None
) -> dict[str, Any]:
    """Attach a file; `size` may claim more bytes than there are, to be too big for a download."""
    stored = bot.add_file("documents", file_name, content, size)
    return {"document": stored.as_reference() | {"file_name": file_name, "mime_type": mime_type}}


def voice(bot: Bot, content: bytes, *, duration: int = 3) -> dict[str, Any]:
    """Attach a voice message."""
    stored = bot.add_file("voice", "voice.oga", content)
    return {"voice": stored.as_reference() | {"duration": duration, "mime_type": "audio/ogg"}}


def video(bot: Bot, content: bytes, *, duration: int = 3, width: int = 640, height: int = 360) -> dict[str, Any]:
    """Attach a video."""
    stored = bot.add_file("videos", "video.mp4", content)
    told = {"duration": duration, "width": width, "height": height, "mime_type": "video/mp4"}
    return {"video": stored.as_reference() | told}


def sticker(bot: Bot, content: bytes, *, emoji: str = "👍") -> dict[str, Any]:
    """Attach a still sticker."""
    stored = bot.add_file("stickers", "sticker.webp", content)
    kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": emoji}
    return {"sticker": stored.as_reference() | kind}


def location(latitude: float, longitude: float) -> dict[str, Any]:
    """Attach a place."""
    return {"location": {"latitude": latitude, "longitude": longitude}}


def contact(phone_number: str, first_name: str) -> dict[str, Any]:
    """Attach someone's phone number."""
    return {"contact": {"phone_number": phone_number, "first_name": first_name}}
