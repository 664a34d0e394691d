"""Pictures for tests: honest ones, and some that lie about how large they are."""

import io
import struct
import zlib

from PIL import Image

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(form: str = "JPEG", *, size: tuple[int, int] = (1200, 600), mode: str = "RGB", **saved: object) -> bytes:
    """Make a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.convert(mode).save(file, form, **saved)
    return file.getvalue()


def bomb_png(width: int = 50_000, height: int = 50_000) -> bytes:
    """Make a small PNG that says that it is very large, and that decodes to a few rows of it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bomb_gif(side: int = 65_535) -> bytes:
    """Make a GIF of some bytes with a screen of four thousand million pixels."""
    screen = struct.pack("<HH", side, side) + b"\x80\x00\x00" + bytes(3) + b"\xff\xff\xff"
    image = b"," + struct.pack("<HHHH", 0, 0, side, side) + b"\x00\x02\x02\x4c\x01\x00"
    return b"GIF89a" + screen + image + b";"
