"""The Lua scripts, each in its own file beside this one, run by their hash and loaded again when Redis lost them."""

import hashlib
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError


class Script:
    """One script of `adapters/lua`, behind the parts that it shares with others: Lua in Redis can import nothing."""

    def __init__(self, name: str, *parts: str) -> None:
        self.source = "".join(map(_read, (*parts, name)))
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()  # how EVALSHA names a script

    async def run(self, redis: Redis, keys: list[str], args: list[Any]) -> Any:
        """Run the script. A restarted or failed-over Redis has an empty script cache; then it travels in full, once."""
        try:
            return await redis.evalsha(self.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await redis.eval(self.source, len(keys), *keys, *args)


def _read(name: str) -> str:
    return resources.files("relay.adapters").joinpath("lua", f"{name}.lua").read_text("utf-8")


APPEND = Script("append", "limits")
SETTLE = Script("settle", "limits")
PARK = Script("park")
CLAIM = Script("claim")
PAUSE = Script("pause")
RESUME = Script("resume")
READY = Script("ready")
PUT = Script("put", "gate", "limits")
TAKE_AWAY = Script("take_away", "gate", "limits")
TAKE_OUT = Script("take_out", "gate", "limits")
LET_GO = Script("let_go", "gate")
PUT_BACK = Script("put_back")
REASSIGN = Script("reassign", "gate")
FORGET_CONNECTION = Script("forget_connection")
RETAIN = Script("retain", "limits")
SIFT = Script("sift", "limits")
LOOK = Script("look")
BIND = Script("bind", "gate")
FENCE = Script("fence", "gate")
BEGIN_CHANGE = Script("begin_change")
KEEP_CHANGE = Script("keep_change")
ADD_SITE = Script("add_site")
REPLACE_SITE = Script("replace_site")
REMOVE_SITE = Script("remove_site")
ERASE_OUTBOX = Script("erase_outbox")
NOTE_USE = Script("note_use")
MARK = Script("mark")
FORGET = Script("forget")
TAKE_LOOKS = Script("take_looks")
PLAN_LOOKS = Script("plan_looks")
REPLACE_SESSION = Script("replace_session")
PULSE = Script("pulse")
