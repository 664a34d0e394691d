"""Reads a page's conversations at Meta's Graph API. What is asked and what an answer means: `onsite.core.facebook`."""

from onsite.adapters.graph_client import GraphClient
from onsite.core.facebook.conversations import (
    Customer,
    MessagePage,
    ThreadPage,
    decode_older,
    decode_thread,
    decode_threads,
    older_url,
    thread_url,
    threads_url,
)
from onsite.engine.channels import Credentials


class GraphConversations:
    """Implements `Conversations`."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def threads(self, page_id: str, credentials: Credentials, *, after: str) -> ThreadPage:
        """List threads. Raises FacebookError."""
        url = threads_url(self._graph.base_url, page_id, after=after, proof=credentials.proof)
        return decode_threads(*await self._graph.ask(url, credentials.token))

    async def thread(self, page_id: str, thread_id: str, credentials: Credentials) -> tuple[Customer, MessagePage]:
        """Read a thread. Raises FacebookError."""
        url = thread_url(self._graph.base_url, thread_id, proof=credentials.proof)
        return decode_thread(*await self._graph.ask(url, credentials.token), page_id=page_id)

    async def older(self, thread_id: str, credentials: Credentials, *, after: str) -> MessagePage:
        """List older messages. Raises FacebookError."""
        url = older_url(self._graph.base_url, thread_id, after=after, proof=credentials.proof)
        return decode_older(*await self._graph.ask(url, credentials.token))
