"""Who asks things of the relay: the person at it, who tries again until it is done, and a site that is back."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
from pydantic import SecretStr

from shared.site_secret import api_token
from tests.support.relay import ADMIN_TOKEN

DONE_WITHIN_S = 60.0
ANSWER_WITHIN_S = 5.0
AGAIN_AFTER_S = 0.1


class Operator:
    """Talks to whichever web process answers."""

    def __init__(self, relays: Sequence[str]) -> None:
        self._relays = relays
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        self._http = aiohttp.ClientSession(timeout=timeout, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})

    async def close(self) -> None:
        """Leave."""
        await self._http.close()

    async def add_site(self, name: str, port: int) -> str:
        """Register a site on this machine; returns its secret."""
        address = {"url": f"http://127.0.0.1:{port}", "allow_networks": ["127.0.0.0/8"], "allow_insecure": True}
        body = {"name": name} | address
        added = await self._until_done("POST", "/sites", body)
        secret: str = added["secret"]
        return secret

    async def bind(self, page: str, site: str) -> None:
        """Bind a page; an interrupted bind is finished by asking again."""
        await self._until_done("PUT", f"/bindings/{page}", {"site": site})

    async def move(self, page: str, site: str) -> None:
        """Have a page handed over; an interrupted move is finished by asking again."""
        await self._until_done("PUT", f"/bindings/{page}", {"site": site, "move": True})

    async def unbind(self, page: str) -> None:
        """Unbind a page; one that is found unbound was unbound by an attempt whose answer got lost."""
        async with asyncio.timeout(DONE_WITHIN_S):
            while await self._try("DELETE", f"/bindings/{page}") is None:
                await asyncio.sleep(AGAIN_AFTER_S)
                if await self.owner(page) == "":
                    return

    async def owner(self, page: str) -> str:
        """Return the site that a page is bound to, or an empty text."""
        bindings = await self._until_done("GET", "/bindings")
        return next((each["site"] for each in bindings if each["page_id"] == page), "")

    async def resume(self, site: str) -> None:
        """Have a paused site tried again."""
        await self._until_done("POST", f"/sites/{site}/resume")

    async def paused(self) -> list[str]:
        """Return the sites that wait for a person."""
        sites = await self._until_done("GET", "/sites")
        return [site["name"] for site in sites if site["delivery"]["state"] == "paused"]

    async def announce(self, site: str, secret: str) -> None:
        """Say once, as a site does, that it takes events again; a relay that does not hear it finds out by itself."""
        token = api_token(SecretStr(secret)).get_secret_value()
        headers = {"Authorization": f"Bearer {token}"}
        for relay in self._relays:
            try:
                async with self._http.post(f"{relay}/v1/sites/{site}/ready", headers=headers) as answer:
                    if answer.ok:
                        return
            except (aiohttp.ClientError, TimeoutError, OSError):
                continue

    async def _until_done(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with asyncio.timeout(DONE_WITHIN_S):
            while (answer := await self._try(method, path, body)) is None:  # noqa: ASYNC110  as a person tries again
                await asyncio.sleep(AGAIN_AFTER_S)
        return answer

    async def _try(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any | None:
        """Ask each web process in turn; None when none of them could do it."""
        for relay in self._relays:
            try:
                async with self._http.request(method, f"{relay}/admin/v1{path}", json=body) as answer:
                    if answer.ok:
                        return await answer.json()
            except (aiohttp.ClientError, TimeoutError, OSError):
                continue
        return None
