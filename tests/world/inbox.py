"""What a site's inbox holds, read through its API as the customer's own system would."""

from typing import Any

import aiohttp

from tests.world.process import Server

PAGE = 200


class Inbox:
    """Reads one site's `/api/v1`."""

    def __init__(self, site: Server) -> None:
        self._site = site

    async def conversations(self) -> list[dict[str, Any]]:
        """Return all conversations, the one that moved last first."""
        return await self._all("/api/v1/conversations", "conversations")

    async def conversation_with(self, key: str) -> dict[str, Any] | None:
        """Return the conversation with this person, if there is one."""
        return next((each for each in await self.conversations() if each["key"] == key), None)

    async def messages(self, key: str) -> list[dict[str, Any]]:
        """Return what was said with this person, oldest first; nothing when there is no conversation yet."""
        conversation = await self.conversation_with(key)
        if conversation is None:
            return []
        found = await self._all(f"/api/v1/conversations/{conversation['id']}/messages", "messages")
        return found[::-1]

    async def texts(self, key: str) -> list[str]:
        """Return the texts of what was said with this person, oldest first."""
        return [message["text"] for message in await self.messages(key)]

    async def _all(self, path: str, name: str) -> list[dict[str, Any]]:
        token = (await self._token()).strip()
        headers = {"Authorization": f"Bearer {token}"}
        found: list[dict[str, Any]] = []
        before: str | None = ""
        async with aiohttp.ClientSession(self._site.base_url, headers=headers) as session:
            while before is not None:
                query = {"limit": str(PAGE)} | ({"before": before} if before else {})
                async with session.get(path, params=query, raise_for_status=True) as answer:
                    page = await answer.json()
                found += page[name]
                before = page["next"]
        return found

    async def _token(self) -> str:
        return (self._site.folder / "data" / "api-token").read_text(encoding="utf-8")
