"""Speaks with Telegram's Bot API. What is asked and what an answer means is decided in `onsite.core.telegram`.

Every method raises TelegramError and nothing else; `send_text` not even that. The token is part of the address, which
therefore never gets into an error.
"""

import aiohttp
from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.sending import SendOutcome
from onsite.core.telegram.answers import decode_answer, decode_updates, migrated_to
from onsite.core.telegram.api import (
    MAX_UPDATES,
    TELEGRAM_URL,
    get_updates_body,
    method_url,
    send_message_body,
)
from onsite.core.telegram.callbacks import answer_callback_body
from onsite.core.telegram.files import decode_file_path, get_file_body
from onsite.core.telegram.identity import BotIdentity, decode_identity, decode_webhook_url
from onsite.core.telegram.outcomes import decode_send_answer, outcome_of
from shared.exchange import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    DEFAULT_TIMEOUT,
    Answer,
    NoAnswer,
    NotSent,
    post,
)

_NOTHING = b"{}"
_SOON = aiohttp.ClientTimeout(total=5.0, connect=2.0)
"""For what is a courtesy: the next poll waits for it."""


class TelegramClient:
    """Telegram's Bot API, as far as the site needs it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str = TELEGRAM_URL,
        timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,
    ) -> None:
        self._session = session
        self.base_url = base_url
        """Where the Bot API is."""
        self._timeout = timeout

    async def get_updates(
        self, token: SecretStr, *, offset: int | None, timeout_s: int, limit: int = MAX_UPDATES
    ) -> list[bytes]:
        """Wait up to `timeout_s` (0 to 50) for updates and return them verbatim, oldest first.

        `offset` is the last stored update's number + 1 and confirms everything before it for good.
        """
        answer = await self._call(
            token,
            "getUpdates",
            get_updates_body(offset=offset, timeout_s=timeout_s, limit=limit),
            timeout=aiohttp.ClientTimeout(total=timeout_s + ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )
        return decode_updates(decode_answer(*answer))

    async def answer_callback(self, token: SecretStr, query_id: str) -> None:
        """Have a pressed button stop waiting."""
        answer = await self._call(token, "answerCallbackQuery", answer_callback_body(query_id), timeout=_SOON)
        decode_answer(*answer)

    async def get_me(self, token: SecretStr) -> BotIdentity:
        """Ask who the bot is, which also tells whether the token is good."""
        return decode_identity(decode_answer(*await self._call(token, "getMe", _NOTHING)))

    async def get_webhook_url(self, token: SecretStr) -> str:
        """Return the address of the webhook that keeps this bot from being polled, or an empty text."""
        return decode_webhook_url(decode_answer(*await self._call(token, "getWebhookInfo", _NOTHING)))

    async def delete_webhook(self, token: SecretStr) -> None:
        """Remove the webhook; updates that wait are kept."""
        decode_answer(*await self._call(token, "deleteWebhook", _NOTHING))

    async def get_file_path(self, token: SecretStr, file_id: str) -> str:
        """Ask where a file can be fetched within the next hour."""
        return decode_file_path(decode_answer(*await self._call(token, "getFile", get_file_body(file_id))))

    async def send_text(self, token: SecretStr, *, chat_id: str, text: str, reply_to: str = "") -> SendOutcome:
        """Send a text to the conversation with the key `chat_id`; never raises for what Telegram or the network does.

        A group that became a supergroup is followed once to its new id: the refusal says that nothing was sent. The
        message's id then is `<new chat id>:<message id>`, as the conversation may have a message of the same number.
        """
        try:
            answer = await self._send(token, chat_id, text, reply_to)
            if (target := migrated_to(*answer)) is not None:
                answer = await self._send(token, str(target), text, "")
        except TelegramError as error:
            return outcome_of(error)
        return decode_send_answer(*answer, moved_to=target)

    async def _send(self, token: SecretStr, chat_id: str, text: str, reply_to: str) -> Answer:
        return await self._call(token, "sendMessage", send_message_body(chat_id=chat_id, text=text, reply_to=reply_to))

    async def _call(
        self,
        token: SecretStr,
        method: str,
        body: bytes,
        *,
        timeout: aiohttp.ClientTimeout | None = None,  # noqa: ASYNC109  aiohttp's
    ) -> Answer:
        url = method_url(self.base_url, token, method)
        try:
            return await post(self._session, url, body, timeout=timeout or self._timeout)
        except NotSent as trouble:
            raise TelegramError(TelegramTrouble.UNREACHABLE, f"Telegram could not be reached: {trouble}") from None
        except NoAnswer as trouble:
            raise TelegramError(TelegramTrouble.UNCLEAR, f"Telegram did not answer: {trouble}") from None
