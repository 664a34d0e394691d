"""The Bot API: reads an address, finds bot and method, and hands the call over. Knows no sockets."""

import re

from shared.clock import Clock
from tests.simulators.faults import Answer
from tests.simulators.ledger import Call
from tests.simulators.parameters import Parameters
from tests.simulators.telegram import errors
from tests.simulators.telegram.arguments import Arguments
from tests.simulators.telegram.errors import BotApiError
from tests.simulators.telegram.methods import METHODS
from tests.simulators.telegram.methods.call import MethodCall
from tests.simulators.telegram.methods.files import download
from tests.simulators.telegram.world import TOKEN, Bot, World

MASK = "***"
DOWNLOAD = "download"
"""What the ledger calls a request for a file's bytes."""

_METHOD_ADDRESS = re.compile(r"/bot(?P<token>[^/]+)/(?P<name>[^/]+)")
_FILE_ADDRESS = re.compile(r"/file/bot(?P<token>[^/]+)/(?P<path>.+)")


class BotApi:
    """Answers calls; the platform behind the exchange."""

    def __init__(self, world: World, *, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def describe(self, call: Call, parameters: Parameters) -> None:
        """Name the call after its method, and take the token out of its path."""
        call.params = parameters.values
        if file := _FILE_ADDRESS.fullmatch(call.path):
            call.name, call.token = DOWNLOAD, file["token"]
            call.params = {"file_path": file["path"]}
        elif asked := _METHOD_ADDRESS.fullmatch(call.path):
            known = METHODS.get(asked["name"].lower())
            call.name, call.token = known.name if known else asked["name"], asked["token"]
        if call.token:
            call.path = call.path.replace(call.token, MASK, 1)

    async def answer(self, call: Call) -> Answer:
        """Carry out one call."""
        try:
            bot = self._bot(call)
            if call.name == DOWNLOAD:
                return download(bot, call.params["file_path"], self._clock())
            return await self._carry_out(call, bot)
        except BotApiError as error:
            return error.answer()

    async def _carry_out(self, call: Call, bot: Bot) -> Answer:
        method = METHODS.get(call.name.lower())
        if method is None:
            raise errors.method_not_found()
        if call.malformed:
            raise errors.bad_request("can't parse parameters JSON object")
        call.ignored = tuple(sorted({*call.params, *call.files} - method.parameters))
        result = await method.handler(MethodCall(self._world, bot, Arguments(call.params), self._clock()))
        return Answer.of_json({"ok": True, "result": result})

    def _bot(self, call: Call) -> Bot:
        if TOKEN.fullmatch(call.token) is None:
            raise errors.not_found()
        if call.token not in self._world.bots:
            raise errors.unauthorized()
        return self._world.bots[call.token]
