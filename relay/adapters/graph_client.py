"""Speaks with Meta's Graph API. What is asked and what an answer means is decided in `relay.core.page`.

Every call carries the `appsecret_proof` of its token: an app may demand it, and it never hurts. The token travels in a
header, so that it is in no address, no access log and no error.
"""

import aiohttp
from pydantic import SecretStr

from relay.core.errors import FacebookRefused, FacebookUnreachable
from relay.core.page import (
    TokenOwner,
    owner_url,
    read_owner,
    read_success,
    subscription_body,
    subscriptions_url,
)
from shared.exchange import CONNECT_TIMEOUT_S, Answer, NoAnswer, NotSent, exchange
from shared.graph import GRAPH_URL, appsecret_proof

TIMEOUT = aiohttp.ClientTimeout(total=15.0, connect=CONNECT_TIMEOUT_S)
"""Shorter than an operator's command waits for the relay (`shared.api_client`)."""


class GraphClient:
    """Meta's Graph API, as far as the relay needs it; fits `engine.page_connection.Graph`."""

    def __init__(self, session: aiohttp.ClientSession, *, app_secret: SecretStr, base_url: str = GRAPH_URL) -> None:
        self._session = session
        self._app_secret = app_secret
        self._base_url = base_url

    def proof_of(self, token: SecretStr) -> SecretStr:
        """Prove that whoever shows this token is this app."""
        return appsecret_proof(token, self._app_secret)

    async def owner_of(self, token: SecretStr) -> TokenOwner:
        """Ask whose token it is. Raises FacebookRefused, FacebookUnreachable."""
        return read_owner(*await self.call("GET", owner_url(self._base_url, self.proof_of(token)), token))

    async def subscribe(self, page_id: str, token: SecretStr) -> None:
        """Have a page's events sent to this app. Raises FacebookRefused, FacebookUnreachable."""
        url = subscriptions_url(self._base_url, page_id, self.proof_of(token))
        read_success(*await self.call("POST", url, token, subscription_body()))

    async def unsubscribe(self, page_id: str, token: SecretStr) -> None:
        """End that. Raises FacebookRefused, FacebookUnreachable."""
        url = subscriptions_url(self._base_url, page_id, self.proof_of(token))
        read_success(*await self.call("DELETE", url, token))

    async def call(self, method: str, url: str, token: SecretStr, body: bytes | None = None) -> Answer:
        """Make one call with a token. Raises FacebookRefused for what is no token, FacebookUnreachable."""
        text = token.get_secret_value()
        if not (text.isascii() and text.isprintable() and text.strip() == text and text):
            raise FacebookRefused("this is no token: it is empty, or holds characters that no token has")
        headers = {"Authorization": f"Bearer {text}"}
        try:
            return await exchange(self._session, method, url, body, headers=headers, timeout=TIMEOUT)
        except (NotSent, NoAnswer) as trouble:
            raise FacebookUnreachable(f"Facebook could not be reached ({trouble}); try again") from None
