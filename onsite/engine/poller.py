"""Polls one Telegram channel until its token is refused. Starts and stops are `Pollers`'s.

The offset is saved in the transaction that stores the updates, and sent only with the next poll, so that Telegram keeps
every update until it is committed here.
"""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from onsite.core.errors import TelegramError
from onsite.core.telegram.callbacks import callback_ids
from onsite.engine.channels import POLLING_STATES, Channel, ChannelState
from onsite.engine.inbox import Inbox
from onsite.engine.metrics import Metrics
from onsite.engine.polling import LONG_POLL_S, after_trouble, updates_without_id
from onsite.engine.ports import ChannelStore, TelegramPolling
from shared.logs import get_logger

log = get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]
Jitter = Callable[[], float]
"""A random number from 0 to 1."""


class Poller:
    """One bot's endless question for news."""

    def __init__(
        self,
        channel: Channel,
        token: SecretStr,
        *,
        telegram: TelegramPolling,
        inbox: Inbox,
        store: ChannelStore,
        metrics: Metrics,
        sleep: Sleep,
        jitter: Jitter,
    ) -> None:
        self._channel = channel
        self._token = token
        self._telegram = telegram
        self._inbox = inbox
        self._store = store
        self._metrics = metrics
        self._sleep = sleep
        self._jitter = jitter
        self._failures = 0
        self._shown = (channel.state, channel.sentence)

    async def run(self) -> None:
        """Poll until the token is refused, or until cancelled."""
        pause_s: float | None = 0.0
        while pause_s is not None:
            if pause_s:
                await self._sleep(pause_s)
            pause_s = await self._poll()

    async def _poll(self) -> float | None:
        """Poll once; return how long to wait before the next poll, None for ever."""
        try:
            updates = await self._ask()
            if updates and not await self._inbox.take_updates(self._channel.ref, updates):
                raise updates_without_id()
        except TelegramError as error:
            return await self._trouble(error)
        self._metrics.polls.labels("ok").inc()
        self._failures = 0
        await self._clear()
        await asyncio.gather(*(self._answer(query_id) for query_id in callback_ids(updates)))
        return 0.0

    async def _answer(self, query_id: str) -> None:
        """Have a pressed button stop waiting, once the press is stored. A courtesy: nothing is lost without."""
        try:
            await self._telegram.answer_callback(self._token, query_id)
        except TelegramError as error:
            log.info("button_not_answered", channel=self._channel.id, reason=str(error))

    async def _ask(self) -> list[bytes]:
        offset = await self._store.next_offset(self._channel.id)
        # After trouble a short question first, so that its end is seen at once and not after a silent long poll.
        timeout_s = 0 if self._shown[0] in POLLING_STATES else LONG_POLL_S
        return await self._telegram.get_updates(self._token, offset=offset, timeout_s=timeout_s)

    async def _trouble(self, error: TelegramError) -> float | None:
        self._failures += 1
        self._metrics.polls.labels(str(error.trouble)).inc()
        after = after_trouble(error, failures=self._failures, jitter=self._jitter())
        if (after.state, after.sentence) != self._shown:
            self._shown = (after.state, after.sentence)
            await self._store.set_health(self._channel.id, after.state, after.sentence)
            log.warning("telegram_trouble", channel=self._channel.id, state=after.state, pause_s=after.pause_s)
        return after.pause_s

    async def _clear(self) -> None:
        if self._shown[0] in POLLING_STATES:
            await self._store.set_health(self._channel.id, ChannelState.OK, "", only_from=POLLING_STATES)
            log.info("telegram_recovered", channel=self._channel.id)
        self._shown = (ChannelState.OK, "")
