"""Keeps one supervised poller for each Telegram channel that has a token. Not the polling itself."""

import asyncio
from collections.abc import Callable
from functools import partial

from pydantic import SecretStr

from onsite.core.errors import ChannelNotFound
from onsite.engine.channels import Channel, ChannelState
from onsite.engine.poller import Poller
from onsite.engine.ports import ChannelStore
from shared.errors import VaultError
from shared.logs import get_logger
from shared.tasks import Supervisor

log = get_logger(__name__)


class Pollers:
    """Starts and stops pollers as channels come, change and go."""

    def __init__(
        self, supervisor: Supervisor, store: ChannelStore, new_poller: Callable[[Channel, SecretStr], Poller]
    ) -> None:
        self._supervisor = supervisor
        self._store = store
        self._new_poller = new_poller
        self.changing = asyncio.Lock()
        """To be held from the change of a channel's row until its poller fits, so that there is never one without the
        other, whoever comes meanwhile: two admins, or an admin while the site starts."""

    async def start_all(self) -> None:
        """Start one for each channel that wants polling. For the start of the process."""
        async with self.changing:
            for channel in await self._store.channels():
                await self.refresh(channel)

    async def refresh(self, channel: Channel) -> None:
        """Stop the channel's poller if there is one, and start another if the channel is polled.

        `changing` must be held. Asks the store for nothing: a poller that was stopped in vain must come back while the
        database is away.
        """
        await self.stop(channel.id)
        if channel.is_polled:
            self._supervisor.start(_name(channel.id), partial(self._poll, channel.id))

    async def stop(self, channel_id: int) -> None:
        """Stop the channel's poller and wait for its end. `changing` must be held."""
        await self._supervisor.stop(_name(channel_id))

    async def _poll(self, channel_id: int) -> None:
        """Poll with what the store holds now; trouble with the database only delays it, as the supervisor comes again.

        A token that the master key does not open, and a channel that is gone, end it.
        """
        try:
            channel = await self._store.channel(channel_id)
            credentials = await self._store.credentials(channel_id)
        except VaultError as error:
            await self._store.set_health(channel_id, ChannelState.NO_TOKEN, str(error))
            log.warning("token_unreadable", channel=channel_id, reason=str(error))
        except ChannelNotFound:
            log.info("channel_gone", channel=channel_id)
        else:
            if credentials is not None:
                await self._new_poller(channel, credentials.token).run()


def _name(channel_id: int) -> str:
    return f"telegram:{channel_id}"
