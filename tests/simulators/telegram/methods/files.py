"""getFile, and the download that follows.

https://core.telegram.org/bots/api#getfile
"""

from typing import Any

from tests.simulators.faults import Answer
from tests.simulators.telegram.errors import bad_request, not_found
from tests.simulators.telegram.methods.call import MethodCall, method
from tests.simulators.telegram.world import Bot

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
LINK_LIFETIME_S = 3600


async def get_file(call: MethodCall) -> dict[str, Any]:
    """Answer with a path that is good for an hour. Raises BotApiError 400."""
    if not call.arguments.text("file_id"):
        raise bad_request("file_id not specified")
    stored = call.bot.files.get(call.arguments.text("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if stored.size > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    call.bot.links[stored.path] = call.now + LINK_LIFETIME_S
    return stored.as_reference() | {"file_path": stored.path}


def download(bot: Bot, path: str, now: float) -> Answer:
    """Answer with the bytes of a file whose link is alive. Raises BotApiError 404."""
    found = [stored for stored in bot.files.values() if stored.path == path]
    if not found or bot.links.get(path, 0.0) < now:
        raise not_found()
    return Answer(body=found[0].content, content_type="application/octet-stream")


METHODS = (method("getFile", get_file, "file_id"),)
