"""Reads a page's conversations at Meta's Graph API. What is asked and what an answer means: `onsite.core.facebook`."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from onsite.adapters.graph_client import GraphClient
from onsite.core.errors import FacebookError
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
from shared.graph_usage import read_usage

_Read = TypeVar("_Read")


class GraphConversations:
    """Implements `Conversations`."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def threads(self, page_id: str, credentials: Credentials, *, after: str) -> ThreadPage:
        """List threads. Raises FacebookError."""
        url = threads_url(self._graph.base_url, page_id, after=after, proof=credentials.proof)
        return await self._read(url, credentials, decode_threads)

    async def thread(self, page_id: str, thread_id: str, credentials: Credentials) -> tuple[Customer, MessagePage]:
        """Read a thread. Raises FacebookError."""
        url = thread_url(self._graph.base_url, thread_id, proof=credentials.proof)
        return await self._read(url, credentials, partial(decode_thread, page_id=page_id))

    async def older(self, thread_id: str, credentials: Credentials, *, after: str) -> MessagePage:
        """List older messages. Raises FacebookError."""
        url = older_url(self._graph.base_url, thread_id, after=after, proof=credentials.proof)
        return await self._read(url, credentials, decode_older)

    async def _read(self, url: str, credentials: Credentials, decode: Callable[[int, bytes], _Read]) -> _Read:
        """Ask, and say with a refusal how long Facebook wants to be left alone: that stands in the headers."""
        answer = await self._graph.ask_full(url, credentials.token)
        try:
            return decode(answer.status, answer.body)
        except FacebookError as error:
            error.regain_s = read_usage(answer.headers).regain_s
            raise
