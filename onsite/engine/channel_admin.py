"""What an admin does with channels: add, give another token, remove. A change takes effect at once.

A Telegram token is shown to Telegram first: one that Telegram refuses is not kept. Facebook's is not, as the first
reply shows what it is worth, and receiving needs none.
"""

import re
from dataclasses import dataclass

from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.facebook.send import refusal_of_token
from onsite.core.model import Platform
from onsite.core.telegram.api import is_token
from onsite.engine.channels import Channel, ChannelRef, ChannelState, Credentials
from onsite.engine.errors import Unprocessable
from onsite.engine.pollers import Pollers
from onsite.engine.ports import ChannelStore, TelegramPolling
from shared.lenient import as_text
from shared.logs import get_logger
from shared.names import is_page_id

log = get_logger(__name__)

_PROOF = re.compile(r"[0-9a-f]{64}")
"""https://developers.facebook.com/documentation/facebook-login/security ("Generating the proof")"""


@dataclass(frozen=True, slots=True)
class _Bot:
    """What is known of a bot."""

    ref: ChannelRef
    name: str = ""
    trouble: str = ""
    """Why Telegram could not be asked; empty when it answered."""


class ChannelAdmin:
    """The use cases of channels."""

    def __init__(self, store: ChannelStore, pollers: Pollers, telegram: TelegramPolling) -> None:
        self._store = store
        self._pollers = pollers
        self._telegram = telegram

    async def add_page(self, page_id: str, credentials: Credentials, *, name: str = "") -> Channel:
        """Add a Facebook page, or give the one that is there another token. Raises Unprocessable, StoreUnavailable."""
        if not is_page_id(page_id):
            raise Unprocessable("page_id must be the page's numeric id (Facebook: the page, About, Page transparency)")
        _check_credentials(credentials)
        return await self._save(ChannelRef(Platform.FACEBOOK, page_id), credentials, name=name)

    async def add_bot(self, token: SecretStr, *, name: str = "", take_over: bool = False) -> Channel:
        """Add a Telegram bot, or give the one that is there another token.

        `take_over` removes the webhook by which another program receives the bot's messages.
        Raises Unprocessable for a token that Telegram refuses, StoreUnavailable.
        """
        bot = await self._identify(token)
        if take_over and not bot.trouble:
            await self._remove_webhook(token)
        return await self._save(bot.ref, Credentials(token), name=name or bot.name, trouble=bot.trouble)

    async def change_token(self, channel_id: int, credentials: Credentials, *, name: str = "") -> Channel:
        """Give a channel another token.

        Raises ChannelNotFound, Unprocessable for a refused token or another bot's, StoreUnavailable.
        """
        channel = await self._store.channel(channel_id)
        if channel.ref.platform is Platform.FACEBOOK:
            return await self.add_page(channel.ref.external_id, credentials, name=name)
        if credentials.token.get_secret_value().partition(":")[0] != channel.ref.external_id:
            raise Unprocessable(
                f"this token belongs to another bot than channel {channel_id}: add that bot as a channel of its own"
            )
        return await self.add_bot(credentials.token, name=name)

    async def remove(self, channel_id: int) -> None:
        """Erase a channel's token and stop its polling; its conversations stay.

        Raises ChannelNotFound, StoreUnavailable; then the channel is there and polled as before.
        """
        async with self._pollers.changing:
            channel = await self._store.channel(channel_id)
            try:
                # In this order: what a poller stores after the removal would bring the channel back.
                await self._pollers.stop(channel_id)
                await self._store.remove_channel(channel_id)
            except BaseException:
                await self._pollers.refresh(channel)
                raise
        log.info("channel_removed", channel=channel_id)

    async def _save(self, ref: ChannelRef, credentials: Credentials, *, name: str, trouble: str = "") -> Channel:
        async with self._pollers.changing:
            channel = await self._store.save_channel(ref, name=as_text(name), credentials=credentials)
            try:
                if trouble:
                    await self._store.set_health(channel.id, ChannelState.UNREACHABLE, trouble)
                    channel = await self._store.channel(channel.id)
            finally:
                await self._pollers.refresh(channel)
        log.info("channel_saved", channel=channel.id, platform=ref.platform, external_id=ref.external_id)
        return channel

    async def _identify(self, token: SecretStr) -> _Bot:
        """Ask Telegram whose token it is; where it cannot be asked, the token itself tells the bot's id."""
        if not is_token(token):
            raise Unprocessable("this is no bot token: @BotFather gives one of the form 123456789:AbC…")
        try:
            identity = await self._telegram.get_me(token)
        except TelegramError as error:
            if error.trouble in {TelegramTrouble.TOKEN, TelegramTrouble.REFUSED}:
                raise Unprocessable(f"Telegram refuses this token ({error}): copy it anew from @BotFather") from None
            bot_id = token.get_secret_value().partition(":")[0]
            trouble = f"the token is stored, but Telegram could not be asked about it ({error}); tried again by itself"
            return _Bot(ChannelRef(Platform.TELEGRAM, bot_id), trouble=trouble)
        return _Bot(ChannelRef(Platform.TELEGRAM, str(identity.id)), name=identity.username or identity.name)

    async def _remove_webhook(self, token: SecretStr) -> None:
        try:
            if await self._telegram.get_webhook_url(token):
                await self._telegram.delete_webhook(token)
        except TelegramError as error:
            raise Unprocessable(f"the bot's webhook could not be removed ({error}); try again") from None


def _check_credentials(credentials: Credentials) -> None:
    if refusal_of_token(credentials.token) is not None:
        raise Unprocessable("the token is empty, or holds characters that no token has: copy it anew")
    proof = credentials.proof
    if proof is not None and _PROOF.fullmatch(proof.get_secret_value()) is None:
        raise Unprocessable("appsecret_proof must have 64 hexadecimal digits (HMAC-SHA256 of the token)")
