"""The sending side of Meta's webhooks: signs a body, posts it, shakes hands. Sends when told to, retries when told to.

Meta repeats what was not answered with 200, for a while and on its own; here the caller says when (`retry`).
"""

import secrets
from dataclasses import dataclass, field

import aiohttp

from tests.simulators.graph.meta_json import sign

ANSWER_DEADLINE_S = 5.0
"""Meta waits so long for an answer."""

SUCCESS = 200
USER_AGENT = "facebookexternalua"


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of one webhook."""

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


class WebhookSender:
    """Posts to one callback address."""

    def __init__(self, *, app_secret: str, verify_token: str) -> None:
        self.callback_url = ""
        self.undelivered: list[bytes] = []
        """Bodies that were not answered with 200, oldest first."""
        self._app_secret = app_secret
        self._verify_token = verify_token
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> DeliveryResult:
        """Sign and post a body; what fails is kept for `retry`."""
        result = await self._attempt(body)
        if not result.accepted:
            self.undelivered.append(body)
        return result

    async def retry(self) -> list[DeliveryResult]:
        """Post once more what failed, in order; what fails again is kept again."""
        bodies, self.undelivered = self.undelivered, []
        return [await self.post(body) for body in bodies]

    async def verify(self) -> DeliveryResult:
        """Do the handshake of the dashboard. `accepted` only when the challenge came back verbatim."""
        challenge = str(secrets.randbelow(2**31))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": self._verify_token}
        try:
            async with self._open().get(self._target(), params=query, allow_redirects=False) as answer:
                body = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            return DeliveryResult(None, error=type(error).__name__)
        if answer.status == SUCCESS and body != challenge:
            return DeliveryResult(None, body, error="the answer is not the challenge")
        return DeliveryResult(answer.status, body)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _attempt(self, body: bytes) -> DeliveryResult:
        headers = {"Content-Type": "application/json", **sign(body, app_secret=self._app_secret)}
        try:
            async with self._open().post(self._target(), data=body, headers=headers, allow_redirects=False) as answer:
                return DeliveryResult(answer.status, await answer.text(errors="replace"))
        except (aiohttp.ClientError, TimeoutError) as error:
            return DeliveryResult(None, error=type(error).__name__)

    def _target(self) -> str:
        if not self.callback_url:
            raise RuntimeError("set callback_url before anything is sent to it")
        return self.callback_url

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_DEADLINE_S)
            self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": USER_AGENT, "Accept": "*/*"})
        return self._session
