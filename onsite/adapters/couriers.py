"""Hands replies to the platforms' clients. One courier per platform; neither decides what an answer means."""

from typing import Protocol

from pydantic import SecretStr

from onsite.core.sending import SendOutcome
from onsite.engine.channels import Credentials
from onsite.engine.outgoing import Outgoing


class GraphSending(Protocol):
    """What of `GraphClient` a courier needs."""

    async def send_text(
        self, *, page_id: str, token: SecretStr, proof: SecretStr | None, recipient: str, text: str, correlation: str
    ) -> SendOutcome:
        """Send a text to a person who wrote to the page."""
        ...


class TelegramSending(Protocol):
    """What of `TelegramClient` a courier needs."""

    async def send_text(self, token: SecretStr, *, chat_id: str, text: str, reply_to: str = "") -> SendOutcome:
        """Send a text to a chat."""
        ...


class FacebookCourier:
    """Implements `Courier` for pages."""

    def __init__(self, graph: GraphSending) -> None:
        self._graph = graph

    async def send(self, outgoing: Outgoing, credentials: Credentials) -> SendOutcome:
        """Try once."""
        return await self._graph.send_text(
            page_id=outgoing.channel.external_id,
            token=credentials.token,
            proof=credentials.proof,
            recipient=outgoing.conversation_key,
            text=outgoing.text,
            correlation=outgoing.correlation,
        )


class TelegramCourier:
    """Implements `Courier` for bots."""

    def __init__(self, telegram: TelegramSending) -> None:
        self._telegram = telegram

    async def send(self, outgoing: Outgoing, credentials: Credentials) -> SendOutcome:
        """Try once."""
        return await self._telegram.send_text(credentials.token, chat_id=outgoing.conversation_key, text=outgoing.text)
