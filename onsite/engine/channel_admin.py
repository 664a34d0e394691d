"""What an admin does with channels: add, give another token, remove. A change takes effect at once.

A token is shown to its platform first: one that is refused, or is somebody else's, is not kept. A platform that cannot
be asked just now keeps nobody from adding a channel; the channel says so.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from onsite.core.errors import FacebookError, TelegramError, TelegramTrouble
from onsite.core.facebook.send import refusal_of_token
from onsite.core.model import Platform
from onsite.core.telegram.api import is_token
from onsite.engine.channels import Channel, ChannelRef, ChannelState, Credentials
from onsite.engine.errors import Unprocessable
from onsite.engine.pollers import Pollers
from onsite.engine.ports import ChannelStore, FacebookPages, TelegramPolling
from shared.graph import GraphError, GraphTrouble, diagnose
from shared.lenient import as_text
from shared.logs import get_logger
from shared.names import is_page_id

log = get_logger(__name__)

_PROOF = re.compile(r"[0-9a-f]{64}")
"""https://developers.facebook.com/documentation/facebook-login/security ("Generating the proof")"""


_REFUSALS = frozenset({GraphTrouble.TOKEN_DEAD, GraphTrouble.BAD_PARAMETER, GraphTrouble.GONE})
"""What Facebook says of a token, or of a proof, that will never work. A missing permission may be granted later."""


TOKEN_DEAD = diagnose(GraphError(190)).sentence
"""What a channel says whose token died for a reason that nobody told."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a page or a bot."""

    ref: ChannelRef
    name: str = ""
    state: ChannelState = ChannelState.OK
    trouble: str = ""
    """Why its platform did not tell; empty when it did."""


class ChannelAdmin:
    """The use cases of channels."""

    def __init__(
        self,
        store: ChannelStore,
        pollers: Pollers,
        *,
        facebook: FacebookPages,
        telegram: TelegramPolling,
        on_credentials: Callable[[int], Awaitable[None]],
    ) -> None:
        """`on_credentials` is told each channel that was given some."""
        self._store = store
        self._pollers = pollers
        self._facebook = facebook
        self._telegram = telegram
        self._on_credentials = on_credentials

    async def add_page(self, page_id: str, credentials: Credentials, *, name: str = "") -> Channel:
        """Add a Facebook page, or give the one that is there another token.

        Raises Unprocessable for a token that Facebook refuses or that is not the page's, StoreUnavailable.
        """
        if not is_page_id(page_id):
            raise Unprocessable("page_id must be the page's numeric id (Facebook: the page, About, Page transparency)")
        _check_credentials(credentials)
        return await self._save(await self._identify_page(page_id, credentials), credentials, name=name)

    async def add_bot(self, token: SecretStr, *, name: str = "", take_over: bool = False) -> Channel:
        """Add a Telegram bot, or give the one that is there another token.

        `take_over` removes the webhook by which another program receives the bot's messages.
        Raises Unprocessable for a token that Telegram refuses, StoreUnavailable.
        """
        bot = await self._identify_bot(token)
        if take_over and not bot.trouble:
            await self._remove_webhook(token)
        return await self._save(bot, Credentials(token), name=name)

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

    async def page_connected(self, page_id: str, credentials: Credentials, *, name: str) -> None:
        """Take over what the relay was given when somebody connected the page; Facebook was asked there."""
        await self._save(_Known(ChannelRef(Platform.FACEBOOK, page_id), name=as_text(name)), credentials, name="")

    async def page_disconnected(self, page_id: str, reason: str) -> None:
        """Say at the page's channel that nothing comes any more; its token is kept, as it may come back."""
        for channel in await self._of_page(page_id):
            await self._store.set_health(channel.id, ChannelState.DISCONNECTED, _gone(as_text(reason)))

    async def page_token_died(self, page_id: str, reason: str) -> None:
        """Say at the page's channel that its token is dead, if it has one; messages come all the same."""
        for channel in await self._of_page(page_id):
            if channel.has_token:
                await self._store.set_health(channel.id, ChannelState.TOKEN_DEAD, as_text(reason) or TOKEN_DEAD)

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

    async def _of_page(self, page_id: str) -> list[Channel]:
        """Return the page's channel, or nothing where there is none."""
        ref = ChannelRef(Platform.FACEBOOK, page_id)
        return [channel for channel in await self._store.channels() if channel.ref == ref]

    async def _save(self, known: _Known, credentials: Credentials, *, name: str) -> Channel:
        ref = known.ref
        async with self._pollers.changing:
            name = as_text(name) or await self._name_for(known)
            channel = await self._store.save_channel(ref, name=name, credentials=credentials)
            try:
                if known.trouble:
                    await self._store.set_health(channel.id, known.state, known.trouble)
                    channel = await self._store.channel(channel.id)
            finally:
                await self._pollers.refresh(channel)
        await self._on_credentials(channel.id)
        log.info("channel_saved", channel=channel.id, platform=ref.platform, external_id=ref.external_id)
        return channel

    async def _name_for(self, known: _Known) -> str:
        """Return the platform's name for a channel that has none; empty, which changes nothing, for one that has."""
        is_named = any(each.ref == known.ref and each.name for each in await self._store.channels())
        return "" if is_named else known.name

    async def _identify_page(self, page_id: str, credentials: Credentials) -> _Known:
        """Ask Facebook whether the token is this page's."""
        ref = ChannelRef(Platform.FACEBOOK, page_id)
        try:
            page = await self._facebook.identify(credentials.token, credentials.proof)
        except FacebookError as error:
            if error.trouble in _REFUSALS:
                raise Unprocessable(str(error)) from None
            trouble = f"the token is stored, but not checked: {error} The next reply shows what it is worth."
            return _Known(ref, state=ChannelState.UNCHECKED, trouble=trouble)
        if page.id != page_id:
            owner = f"{page.id} ({page.name})" if page.name else page.id
            raise Unprocessable(f"this token belongs to {owner}: take the token of page {page_id} itself")
        return _Known(ref, name=page.name)

    async def _identify_bot(self, token: SecretStr) -> _Known:
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
            return _Known(ChannelRef(Platform.TELEGRAM, bot_id), state=ChannelState.UNREACHABLE, trouble=trouble)
        return _Known(ChannelRef(Platform.TELEGRAM, str(identity.id)), name=identity.username or identity.name)

    async def _remove_webhook(self, token: SecretStr) -> None:
        try:
            if await self._telegram.get_webhook_url(token):
                await self._telegram.delete_webhook(token)
        except TelegramError as error:
            raise Unprocessable(f"the bot's webhook could not be removed ({error}); try again") from None


def _gone(reason: str) -> str:
    because = f" ({reason})" if reason else ""
    return f"the relay sends nothing for this page any more{because}: ask its operator, or connect the page again"


def _check_credentials(credentials: Credentials) -> None:
    if refusal_of_token(credentials.token) is not None:
        raise Unprocessable("the token is empty, or holds characters that no token has: copy it anew")
    proof = credentials.proof
    if proof is not None and _PROOF.fullmatch(proof.get_secret_value()) is None:
        raise Unprocessable("appsecret_proof must have 64 hexadecimal digits (HMAC-SHA256 of the token)")
