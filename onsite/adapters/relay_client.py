"""Calls the relay. What an answer means is decided in `onsite.core.relay_answers`.

The token, which is derived from the site's secret, travels in a header: it is in no address, no access log, no error.
"""

import json
import time

import aiohttp
from pydantic import SecretStr

from onsite.core.connect_link import ConnectLink, read_connect_link
from onsite.core.errors import NoConnectLink, NotGivenBack
from onsite.core.given_back import GivenBack, read_given_back
from onsite.core.relay_answers import RelayReading, read_announced, read_look, unreachable
from onsite.core.relay_trial import RelayTrial, not_asked, read_trial
from shared.clock import Clock
from shared.exchange import CONNECT_TIMEOUT_S, Answer, NoAnswer, NotSent, exchange, get, post
from shared.site_secret import api_token

DEFAULT_TIMEOUT = aiohttp.ClientTimeout(total=15.0, connect=CONNECT_TIMEOUT_S)
GIVING_BACK_TIMEOUT = aiohttp.ClientTimeout(total=30.0, connect=CONNECT_TIMEOUT_S)
"""The relay asks Facebook meanwhile, for up to 15 s."""
MAX_ANSWER_BYTES = 1024 * 1024
"""Room for tens of thousands of pages."""


class RelayClient:
    """Fits `engine.announcer.RelayCalls`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        site: str,
        secret: SecretStr,
        clock: Clock = time.time,
        timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,
    ) -> None:
        self._session = session
        self._url = f"{base_url}/v1/sites/{site}"
        self._token = api_token(secret)
        self._clock = clock
        self._timeout = timeout

    async def ready(self) -> RelayReading:
        """See `engine.announcer.RelayCalls.ready`."""
        try:
            answer = await self._post("/ready")
        except (NotSent, NoAnswer) as trouble:
            return unreachable(str(trouble))
        return read_announced(*answer)

    async def look(self) -> RelayReading:
        """See `engine.announcer.RelayCalls.look`."""
        try:
            answer = await get(
                self._session, self._url, headers=self._headers(), timeout=self._timeout, max_bytes=MAX_ANSWER_BYTES
            )
        except (NotSent, NoAnswer) as trouble:
            return unreachable(str(trouble))
        return read_look(*answer, now=self._clock())

    async def check(self) -> RelayTrial:
        """Have the relay try whether it reaches this site. Never raises for what it or the network does."""
        try:
            answer = await self._post("/check")
        except (NotSent, NoAnswer) as trouble:
            return not_asked(str(trouble))
        return read_trial(*answer)

    async def connect_link(self, return_to: str) -> ConnectLink:
        """Ask for a link for a browser; `return_to` is empty or a path at this site. Raises NoConnectLink."""
        body = json.dumps({"return_to": return_to} if return_to else {}).encode()
        try:
            answer = await self._post("/connect", body)
        except (NotSent, NoAnswer) as trouble:
            raise NoConnectLink(f"the relay could not be asked for a link ({trouble}); try again") from None
        return read_connect_link(*answer)

    async def give_back(self, page_id: str) -> GivenBack:
        """See `engine.giving_back.TakingBack.give_back`; `page_id` is digits."""
        try:
            answer = await exchange(
                self._session,
                "DELETE",
                f"{self._url}/pages/{page_id}",
                None,
                headers=self._headers(),
                timeout=GIVING_BACK_TIMEOUT,
                max_bytes=MAX_ANSWER_BYTES,
            )
        except NotSent as trouble:
            raise NotGivenBack(f"the relay could not be asked ({trouble}); nothing was changed") from None
        except NoAnswer as trouble:
            raise NotGivenBack(f"the relay did not say what came of it ({trouble}); the same again goes on") from None
        return read_given_back(*answer)

    async def _post(self, path: str, body: bytes = b"{}") -> Answer:
        return await post(
            self._session,
            self._url + path,
            body,
            headers=self._headers(),
            timeout=self._timeout,
            max_bytes=MAX_ANSWER_BYTES,
        )

    def _headers(self) -> dict[str, str]:
        # Not packed, so that what is bounded is what is read.
        return {"Authorization": f"Bearer {self._token.get_secret_value()}", "Accept-Encoding": "identity"}
