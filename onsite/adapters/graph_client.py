"""Speaks with Meta's Graph API. What is asked and what an answer means is decided in `onsite.core.facebook`.

The page's token travels in a header, so that it is in no address, no access log and no error.
"""

import aiohttp
from pydantic import SecretStr

from onsite.core.errors import FacebookError
from onsite.core.facebook.page import PageIdentity, decode_page, identity_url
from onsite.core.facebook.send import (
    RETRY_PAUSE_S,
    decode_send_answer,
    messages_url,
    refusal_of_token,
    text_message_body,
)
from onsite.core.sending import Lost, Postponed, SendOutcome
from shared.exchange import (
    CONNECT_TIMEOUT_S,
    DEFAULT_TIMEOUT,
    Answer,
    FullAnswer,
    NoAnswer,
    NotSent,
    exchange_full,
    post,
)
from shared.graph import GRAPH_URL, GraphTrouble

IDENTIFY_TIMEOUT = aiohttp.ClientTimeout(total=15.0, connect=CONNECT_TIMEOUT_S)
"""Shorter than an admin's command waits for the site (`shared.api_client`)."""


class GraphClient:
    """Meta's Graph API, as far as the site needs it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str = GRAPH_URL,
        timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,
    ) -> None:
        self._session = session
        self.base_url = base_url
        """Where Meta's Graph API is."""
        self._timeout = timeout

    async def send_text(
        self, *, page_id: str, token: SecretStr, proof: SecretStr | None, recipient: str, text: str, correlation: str
    ) -> SendOutcome:
        """Send a text within the 24-hour window; never raises for what Meta or the network does.

        `proof` is the `appsecret_proof` of the token, where the app requires one; `recipient` a conversation's key;
        `correlation` our own id of the message, which comes back with its echo.
        """
        if refusal := refusal_of_token(token):
            return refusal
        try:
            status, body = await post(
                self._session,
                messages_url(self.base_url, page_id, proof),
                text_message_body(recipient=recipient, text=text, correlation=correlation),
                headers=_bearer(token),
                timeout=self._timeout,
            )
        except NotSent as trouble:
            return Postponed(RETRY_PAUSE_S, f"Facebook could not be reached ({trouble}); nothing was sent yet.")
        except NoAnswer as trouble:
            return Lost(f"Facebook did not answer ({trouble}); nobody knows whether the message went out.")
        return decode_send_answer(status, body)

    async def identify(self, token: SecretStr, proof: SecretStr | None = None) -> PageIdentity:
        """Ask whose token it is. Raises FacebookError."""
        return decode_page(*await self.ask(identity_url(self.base_url, proof), token, timeout=IDENTIFY_TIMEOUT))

    async def ask(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,  # noqa: ASYNC109  aiohttp's, which tells connecting from answering
    ) -> Answer:
        """Ask with a page's token. Raises FacebookError when no answer comes; what one says is not looked at."""
        full = await self.ask_full(url, token, timeout=timeout)
        return Answer(full.status, full.body)

    async def ask_full(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,  # noqa: ASYNC109  as above
    ) -> FullAnswer:
        """Do the same, and return the headers too."""
        if refusal := refusal_of_token(token):
            raise FacebookError(refusal.sentence, GraphTrouble.TOKEN_DEAD)
        try:
            return await exchange_full(self._session, "GET", url, headers=_bearer(token), timeout=timeout)
        except (NotSent, NoAnswer) as trouble:
            raise FacebookError(f"Facebook could not be reached ({trouble}).") from None


def _bearer(token: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"}
