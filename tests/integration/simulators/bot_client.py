"""A client of the Bot API without any convenience, for the simulators' own tests."""

from typing import Any

import aiohttp

from tests.simulators.telegram import Bot, TelegramSimulator


class BotClient:
    """Calls methods of one bot and returns status and body."""

    def __init__(self, http: aiohttp.ClientSession, sim: TelegramSimulator, bot: Bot) -> None:
        self._http = http
        self._base = f"{sim.url}/bot{bot.token}"

    async def ask(self, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
        """Call a method with a JSON body."""
        async with self._http.post(f"{self._base}/{method}", json=params) as answer:
            return answer.status, await answer.json()

    async def result(self, method: str, **params: Any) -> Any:
        """Call a method that must succeed."""
        status, body = await self.ask(method, **params)
        assert (status, body["ok"]) == (200, True), body
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        """Call a method that must be refused."""
        status, body = await self.ask(method, **params)
        assert (body["ok"], body["error_code"]) == (False, status)
        return status, body["description"]

    async def poll(self, **params: Any) -> list[int]:
        """Return the ids of the updates that a poll brings."""
        return [update["update_id"] for update in await self.result("getUpdates", **params)]
