"""Thumbnails of pictures that came from outside. Loads Pillow: to be imported where a picture is, and in a thread.

A picture may be a bomb: a few bytes that say they are gigabytes. So its size is looked at before it is decoded, only
its first frame is, and a JPEG is decoded no larger than needed. Nothing of what a picture carries besides itself
(place, time, camera, comments) is in the thumbnail: its pixels are copied onto a fresh one.
"""

import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from shared.logs import get_logger

log = get_logger(__name__)

LONGEST_SIDE = 512
"""Pixels."""
MAX_PIXELS = 50_000_000
"""Of a picture as it says itself; a JPEG is decoded smaller."""
MAX_DECODED_PIXELS = 25_000_000
"""As large a telephone's screen pictures are; some 100 MB while one is decoded, and one is at a time."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_JPEG_QUALITY = 80

# Pillow's own guard, for what is behind the first look: it shall refuse and not only warn.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def thumbnail_of(path: Path) -> tuple[bytes, str] | None:
    """Return a thumbnail and its type; None for what is no picture, is broken, or is too large to be decoded."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            return _written(_small(image)) if _is_sane(image) else None
    except Exception as error:  # noqa: BLE001  a decoder trips over anything; then there is no thumbnail
        log.info("no_thumbnail", reason=type(error).__name__)
        return None


def _is_sane(image: Image.Image) -> bool:
    if image.width * image.height > MAX_PIXELS:
        return False
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    return image.width * image.height <= MAX_DECODED_PIXELS


def _small(image: Image.Image) -> Image.Image:
    """Return a fresh picture with the same content, upright and small."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    exif = image.getexif()
    small = image if image.mode in ("RGB", "RGBA") else image.convert(mode)
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small.info["exif"] = exif.tobytes()
    upright = ImageOps.exif_transpose(small)
    fresh = Image.new(mode, upright.size)
    fresh.paste(upright.convert(mode))
    return fresh


def _written(image: Image.Image) -> tuple[bytes, str]:
    file = io.BytesIO()
    if image.mode == "RGBA":
        image.save(file, "PNG")
        return file.getvalue(), "image/png"
    image.save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue(), "image/jpeg"
