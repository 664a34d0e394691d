"""A site that takes a moment for each push, and notes whether two were ever under way at once."""

import asyncio

from aiohttp import web

from tests.support.receiving_site import ReceivingSite

WORK_S = 0.004
"""About what a transaction takes."""


class CarefulSite(ReceivingSite):
    """One site, watching."""

    def __init__(self) -> None:
        super().__init__("")
        self.most_at_once = 0
        self._at_once = 0

    @property
    def first_texts(self) -> list[str]:
        """The texts of all messages it took, in their order, each once: what its inbox would show."""
        return list(dict.fromkeys(self.texts))

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(WORK_S)
            return await super()._receive(request)
        finally:
            self._at_once -= 1
