"""Meta as a relay meets it: posts signed webhooks to whichever process answers, and again until one answers 200."""

import asyncio
from collections.abc import Sequence
from itertools import cycle
from types import TracebackType
from typing import Self

import aiohttp

from tests.support import facebook

PAUSE_S = 0.02
GIVE_UP_AFTER_S = 5.0
"""As Meta does with one attempt."""


class Sender:
    """Sends to several relays in turn; `async with` opens its connections."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.doubtful: set[str] = set()
        """Texts of which an attempt got no answer, so that a relay may have them twice."""
        self.refused = 0
        """Attempts for which there was nobody."""
        self._urls = cycle(urls)
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=GIVE_UP_AFTER_S))

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close its connections."""
        await self._http.close()

    async def send(self, page: str, text: str) -> None:
        """Send one message until it is accepted."""
        body = facebook.messages(page, text)
        while not await self._attempt(body, text):  # noqa: ASYNC110  a relay that is away sets no event of ours
            await asyncio.sleep(PAUSE_S)

    async def _attempt(self, body: bytes, text: str) -> bool:
        url = f"{next(self._urls)}/facebook/webhook"
        try:
            async with self._http.post(url, data=body, headers=facebook.signed(body)) as answer:
                return answer.status == 200
        except aiohttp.ClientConnectorError:
            self.refused += 1
        except (aiohttp.ClientError, TimeoutError):
            self.doubtful.add(text)
        return False
