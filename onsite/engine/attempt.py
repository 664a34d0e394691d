"""One attempt to send one reply: written down before, tried once, written down after. Not when, and not whether.

Trouble with the database after the request has left must not lose the outcome, which is in no other place: it is
written down as soon as the database answers again. If the process dies before, the reply is found in `sending`, hence
unknown. Trouble before the request leaves takes the reply back to `queued`, also where the database had done its part
and only could not say so: nothing was sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from onsite.core.errors import ChannelNotFound
from onsite.core.model import Platform
from onsite.core.sending import Lost, Postponed, Refused, SendEvent, SendOutcome, Sent
from onsite.engine.attempts import CHANNEL_REMOVED, NO_TOKEN, Consequence, consequence_of
from onsite.engine.bell import Bell
from onsite.engine.channels import CLEARED_BY_SENDING, SENDING_STATES, ChannelState, Credentials
from onsite.engine.errors import StoreUnavailable
from onsite.engine.metrics import Metrics
from onsite.engine.outgoing import Outgoing, Settlement
from onsite.engine.ports import ChannelStore, Courier, OutboxStore
from shared.clock import Clock
from shared.errors import VaultError
from shared.logs import get_logger

log = get_logger(__name__)

TIMEOUT_S = 90.0
"""Beyond the clients' own: nothing may hold a conversation for ever."""

STORE_PAUSE_S = 1.0
"""Between two tries to write an outcome down."""


class Attempt:
    """Joins the outbox with the platforms."""

    def __init__(
        self,
        outbox: OutboxStore,
        channels: ChannelStore,
        couriers: Mapping[Platform, Courier],
        *,
        bell: Bell,
        metrics: Metrics,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._couriers = couriers
        self._bell = bell
        self._metrics = metrics
        self._clock = clock
        self._sleep = sleep

    async def make(self, outgoing: Outgoing) -> float:
        """Try once; return for how many seconds the channel is to rest. Never raises for trouble of the database."""
        try:
            if not await self._outbox.start(outgoing.message_id):
                return 0.0
        except StoreUnavailable as error:
            log.warning("reply_waits_for_database", message=outgoing.message_id, reason=str(error))
            await self._write_down(outgoing, self._not_started(error))
            return STORE_PAUSE_S
        outcome = await self._try(outgoing)
        consequence = consequence_of(outcome, attempts=outgoing.attempts + 1, now_ms=self._now_ms())
        await self._write_down(outgoing, consequence.settlement)
        await self._note(outgoing, outcome, consequence)
        return consequence.pause_channel_s

    def _not_started(self, error: StoreUnavailable) -> Settlement:
        """Say that nothing was sent: it takes back a reply that is `sending` after all, and leaves a `queued` one."""
        due_ms = self._now_ms() + int(STORE_PAUSE_S * 1000)
        return Settlement(SendEvent.POSTPONED, code="postponed", sentence=str(error), not_before_ms=due_ms)

    async def _try(self, outgoing: Outgoing) -> SendOutcome:
        credentials = await self._credentials(outgoing.channel_id)
        if not isinstance(credentials, Credentials):
            return credentials
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._couriers[outgoing.channel.platform].send(outgoing, credentials)
        except TimeoutError:
            return Lost(f"no answer within {TIMEOUT_S:.0f} s")
        except Exception as error:  # the request may have left: an unforeseen fault says nothing about it
            log.exception("courier_failed", message=outgoing.message_id)
            return Lost(f"the attempt broke off inside the site ({type(error).__name__}); its log says why")

    async def _credentials(self, channel_id: int) -> Credentials | SendOutcome:
        """Return what to send with, or the outcome when there is nothing: no request leaves then."""
        try:
            return await self._channels.credentials(channel_id) or NO_TOKEN
        except VaultError as error:
            return Refused("token_unreadable", str(error), channel_broken=True)
        except ChannelNotFound:
            return CHANNEL_REMOVED
        except StoreUnavailable as error:
            return Postponed(STORE_PAUSE_S, str(error))

    async def _write_down(self, outgoing: Outgoing, settlement: Settlement) -> None:
        while True:
            try:
                await self._outbox.settle(outgoing.message_id, settlement, now_ms=self._now_ms())
            except StoreUnavailable as error:
                log.warning("outcome_waits_for_database", message=outgoing.message_id, reason=str(error))
                await self._sleep(STORE_PAUSE_S)
            else:
                self._bell.ring()
                return

    async def _note(self, outgoing: Outgoing, outcome: SendOutcome, consequence: Consequence) -> None:
        name = type(outcome).__name__.lower()
        self._metrics.sends.labels(outgoing.channel.platform, name).inc()
        log.info(
            "reply_attempted",
            message=outgoing.message_id,
            channel=outgoing.channel_id,
            outcome=name,
            code=consequence.settlement.code,
        )
        try:
            await self._update_health(outgoing, outcome, consequence)
        except StoreUnavailable as error:
            log.warning("channel_health_not_written", channel=outgoing.channel_id, reason=str(error))

    async def _update_health(self, outgoing: Outgoing, outcome: SendOutcome, consequence: Consequence) -> None:
        if consequence.channel_broken:
            state, sentence = ChannelState.SENDING_REFUSED, consequence.channel_broken
        elif outgoing.channel_state in CLEARED_BY_SENDING and isinstance(outcome, Sent):
            state, sentence = ChannelState.OK, ""
        else:
            return
        may_change = CLEARED_BY_SENDING if state is ChannelState.OK else SENDING_STATES
        await self._channels.set_health(outgoing.channel_id, state, sentence, only_from=may_change)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
