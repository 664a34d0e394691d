"""Names under which contents are downloaded, as a header says them (RFC 6266). Not where they are stored."""

from pathlib import PurePosixPath
from urllib.parse import quote

from onsite.core.media.types import EXTENSIONS
from onsite.core.model import AttachmentKind

MAX_CHARS = 120
_FORBIDDEN = frozenset('<>:"/\\|?*%;')
"""What a file system or a header's reader may take for something else."""
_UNSPOKEN = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of writing around: `exe.gpj` then reads as `jpg.exe`."""
_ATTR_CHARS = "!#$&+-.^_`|~"
"""RFC 5987, besides letters and digits."""


def safe_name(claimed: str, *, kind: AttachmentKind, mime_type: str, number: int) -> str:
    """Return a name for a file: the sender's, without what is dangerous in one; else one made of kind and number.

    Where the type is known, the name ends as files of that type do, so that no system takes it for another.
    """
    last = claimed.replace("\\", "/").rpartition("/")[2]
    plain = "".join(each for each in last if each.isprintable() and each not in _FORBIDDEN | _UNSPOKEN)
    plain = plain.strip(" .")
    known = EXTENSIONS.get(mime_type, "")
    path = PurePosixPath(plain or f"{kind}-{number}")
    ending = path.suffix if not known or path.suffix.lower() in _endings(known) else f".{known}"
    return path.stem[: MAX_CHARS - len(ending)] + ending if len(ending) <= MAX_CHARS // 2 else path.stem[:MAX_CHARS]


def content_disposition(name: str, *, inline: bool) -> str:
    """Return the header's value, with a plain form of the name for old readers."""
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    encoded = quote(name.encode(errors="replace"), safe=_ATTR_CHARS)
    both = f"filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    return f"{'inline' if inline else 'attachment'}; {both}"


def _endings(known: str) -> tuple[str, ...]:
    return (".jpg", ".jpeg") if known == "jpg" else (".ogg", ".oga", ".opus") if known == "ogg" else (f".{known}",)
