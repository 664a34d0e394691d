"""What we ask of Telegram to get a file, and what the answers mean. No HTTP.

Links are good for at least an hour, and asked for anew at each try. The token is part of a link.
Source: https://core.telegram.org/bots/api#getfile
"""

from urllib.parse import quote

from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.media import troubles
from onsite.core.media.retries import Failure
from onsite.core.media.troubles import MediaTrouble
from onsite.core.telegram.answers import decode_object_result
from onsite.core.telegram.api import encode
from shared.lenient import as_text

_T = TelegramTrouble

_TOO_BIG = "file is too big"
_FOR_NOW = "temporarily unavailable"


def get_file_body(file_id: str) -> bytes:
    """Return the parameters that ask for a file's path."""
    return encode({"file_id": file_id})


def decode_file_path(result: bytes) -> str:
    """Read a file's path. Raises TelegramError.

    A server that was told to keep files on its own disk (`--local`) names a place there, where nobody else can look.
    """
    path = as_text(decode_object_result(result).get("file_path"))
    if not path or path.startswith("/") or "\\" in path or ".." in path.split("/"):
        raise TelegramError(_T.REFUSED, "Telegram named no path under which the file can be fetched")
    return path


def file_url(base_url: str, token: SecretStr, path: str) -> str:
    """Return where a file is; it holds the token, which is to be one that a call was made with."""
    return f"{base_url.rstrip('/')}/file/bot{token.get_secret_value()}/{quote(path)}"


def failure_of(error: TelegramError) -> Failure:
    """Say what a refusal means for a fetch."""
    described = error.description.lower()
    if error.trouble is _T.TOKEN:
        return Failure(MediaTrouble.NO_TOKEN, troubles.NO_TOKEN)
    if error.trouble is _T.THROTTLED:
        return Failure(
            MediaTrouble.THROTTLED, troubles.THROTTLED.format(platform="Telegram"), retry_after_s=error.retry_after_s
        )
    if _TOO_BIG in described:
        return Failure(MediaTrouble.TOO_LARGE, troubles.TOO_LARGE_FOR_BOTS)
    if error.trouble is _T.REFUSED and _FOR_NOW not in described:
        return Failure(MediaTrouble.GONE, f"Telegram does not give the file: {error.description}.")
    return Failure(MediaTrouble.UNREACHABLE, f"Telegram did not give the file: {error.description}.")
