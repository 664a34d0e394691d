"""The recorded payloads beside this file, by name. They are written from the platforms' documented shapes.

A Facebook sample is one item of a webhook and is named by the array it stands in (`messaging/text`); a Telegram sample
is one update.
"""

from pathlib import Path

_FACEBOOK = Path(__file__).parent / "facebook"
_TELEGRAM = Path(__file__).parent / "telegram"

FACEBOOK_PAGE = "1122"
"""The page of all Facebook samples."""
FACEBOOK_CUSTOMER = "7788990011223344"

FACEBOOK_NAMES = sorted(path.relative_to(_FACEBOOK).with_suffix("").as_posix() for path in _FACEBOOK.rglob("*.json"))
TELEGRAM_NAMES = sorted(path.stem for path in _TELEGRAM.glob("*.json"))


def facebook_sample(name: str) -> bytes:
    """Read one item of a webhook."""
    return (_FACEBOOK / f"{name}.json").read_bytes()


def telegram_sample(name: str) -> bytes:
    """Read one update."""
    return (_TELEGRAM / f"{name}.json").read_bytes()
