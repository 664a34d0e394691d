"""Meta's side of its own requests: posts and asks without following redirects, and makes a result of every outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

ANSWER_DEADLINE_S = 5.0
"""Meta waits so long for an answer."""

SUCCESS = 200
USER_AGENT = "facebookexternalua"


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of one request of Meta's."""

    status: int | None
    """The receiver's HTTP status; None when nothing was posted, or no answer came."""
    body: str = field(default="", repr=False)
    """The receiver's answer."""
    mid: str = ""
    """The id of the message that a convenience made up; empty otherwise."""
    error: str = ""
    """Why there is no status."""

    @property
    def accepted(self) -> bool:
        """Whether Meta would be content."""
        return self.status == SUCCESS


class HttpSender:
    """Keeps connections until it is closed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> DeliveryResult:
        """Post bytes."""
        return await self._request("POST", url, data=body, headers=headers)

    async def post_form(self, url: str, form: Mapping[str, str]) -> DeliveryResult:
        """Post a form."""
        return await self._request("POST", url, data=form)

    async def get(self, url: str, query: Mapping[str, str]) -> DeliveryResult:
        """Ask."""
        return await self._request("GET", url, params=query)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _request(self, verb: str, url: str, **what: Any) -> DeliveryResult:
        try:
            async with self._open().request(verb, url, allow_redirects=False, **what) as answer:
                return DeliveryResult(answer.status, await answer.text(errors="replace"))
        except (aiohttp.ClientError, TimeoutError) as error:
            return DeliveryResult(None, error=type(error).__name__)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_DEADLINE_S)
            self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": USER_AGENT, "Accept": "*/*"})
        return self._session
