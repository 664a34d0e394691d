"""What operators do with replies: write one, see where it stands, settle one whose outcome nobody knows."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from onsite.core.facebook.send import refusal_of_text as refusal_of_facebook_text
from onsite.core.model import Platform
from onsite.core.sending import Refused, SendEvent, SendState
from onsite.core.telegram.api import refusal_of_text as refusal_of_telegram_text
from onsite.engine.bell import Bell
from onsite.engine.errors import Contradiction, Unprocessable
from onsite.engine.outgoing import NewReply, Settlement
from onsite.engine.ports import ReplyState, ReplyStore
from shared.clock import Clock
from shared.lenient import as_text
from shared.logs import get_logger

log = get_logger(__name__)

MAX_CLIENT_ID = 200
"""Characters of a writer's own id."""

_REFUSAL_OF_TEXT: Mapping[Platform, Callable[[str], Refused | None]] = {
    Platform.FACEBOOK: refusal_of_facebook_text,
    Platform.TELEGRAM: refusal_of_telegram_text,
}


class SettleAs(StrEnum):
    """What an operator saw with their own eyes."""

    SENT = "sent"
    FAILED = "failed"


_SETTLEMENTS = {
    SettleAs.SENT: Settlement(SendEvent.CONFIRMED),
    SettleAs.FAILED: Settlement(SendEvent.REFUSED, code="settled", sentence="an operator saw that it did not arrive"),
}


class Replies:
    """The use cases of replies."""

    def __init__(
        self,
        store: ReplyStore,
        *,
        wake_sender: Callable[[], None],
        bell: Bell,
        clock: Clock,
        new_correlation: Callable[[], str],
    ) -> None:
        self._store = store
        self._wake_sender = wake_sender
        self._bell = bell
        self._clock = clock
        self._new_correlation = new_correlation

    async def write(self, conversation_id: int, text: str, *, client_id: str | None = None) -> ReplyState:
        """Store a reply; it is sent as soon as it is its turn.

        `client_id` is the writer's own id: given twice, it names one reply, so that a writer may safely try again.
        Raises ConversationNotFound, Unprocessable for a text that the platform would refuse, Contradiction for a
        `client_id` that names another text, StoreUnavailable.
        """
        if as_text(text) != text:
            raise Unprocessable("the text holds characters that are none (NUL, or half a surrogate pair)")
        if client_id is not None and not (0 < len(client_id) <= MAX_CLIENT_ID and as_text(client_id) == client_id):
            raise Unprocessable(f"client_id must have 1 to {MAX_CLIENT_ID} characters")
        channel = await self._store.conversation_channel(conversation_id)
        refusal = _REFUSAL_OF_TEXT[channel.platform](text)
        if refusal is not None:
            raise Unprocessable(refusal.sentence)
        reply = NewReply(conversation_id, text, self._new_correlation(), int(self._clock() * 1000), client_id)
        stored = await self._store.add_reply(reply)
        if stored.text != text:
            raise Contradiction(f"client_id {client_id} already names another text, in message {stored.message_id}")
        log.info("reply_queued", message=stored.message_id, conversation=conversation_id)
        self._wake_sender()
        return stored

    async def settle(self, message_id: int, seen: SettleAs) -> None:
        """Write down what an operator saw of a reply whose outcome is unknown.

        Raises MessageNotFound, Contradiction when its outcome is known, StoreUnavailable.
        """
        stands = await self._store.reply_state(message_id)
        if stands is None:
            raise Contradiction(f"message {message_id} was not sent from here: there is nothing to settle")
        settled = None
        if stands.state is SendState.UNKNOWN:
            settled = await self._store.settle(message_id, _SETTLEMENTS[seen], now_ms=int(self._clock() * 1000))
        if settled is None:
            raise Contradiction(f"message {message_id} is {stands.state}: only what is unknown can be settled")
        log.info("reply_settled", message=message_id, state=settled)
        self._bell.ring()
