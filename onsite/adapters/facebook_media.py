"""Fetches what customers sent to a page: from the address that came with it, or from a fresh one where that is over."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import aiohttp

from onsite.adapters.downloads import content_of, opened
from onsite.adapters.graph_client import GraphClient
from onsite.core.errors import FacebookError
from onsite.core.facebook.fresh_media import attachments_url, decode_addresses, failure_of, fresh_address
from onsite.core.media import troubles
from onsite.core.media.addresses import is_followed
from onsite.core.media.troubles import MediaTrouble
from onsite.engine.channels import Credentials
from onsite.engine.media import FetchFailed, Wanted

_OVER = frozenset({403, 404, 410})
"""What the media servers say of an address that is not good any more."""


class FacebookMedia:
    """Implements `MediaSource` for pages."""

    def __init__(self, graph: GraphClient, session: aiohttp.ClientSession) -> None:
        """`session` judges where it connects."""
        self._graph = graph
        self._session = session

    async def chunks(
        self, wanted: Wanted, credentials: Credentials | None, *, limit_bytes: int
    ) -> AsyncGenerator[bytes]:
        """Read a file. Raises FetchFailed."""
        async with AsyncExitStack() as stack:
            answer = await self._open(stack, wanted.url)
            if answer.status in _OVER:
                answer = await self._open(stack, await self._fresh(wanted, credentials))
            if answer.status in _OVER:
                raise FetchFailed(MediaTrouble.EXPIRED, troubles.EXPIRED.format(why="Its fresh one is refused, too."))
            async for chunk in content_of(answer, platform="Facebook", limit_bytes=limit_bytes):
                yield chunk

    async def _open(self, stack: AsyncExitStack, url: str) -> aiohttp.ClientResponse:
        if not is_followed(url):
            raise FetchFailed(MediaTrouble.NOT_ALLOWED, troubles.NOT_FACEBOOKS)
        return await stack.enter_async_context(opened(self._session, url))

    async def _fresh(self, wanted: Wanted, credentials: Credentials | None) -> str:
        if credentials is None:
            raise FetchFailed(MediaTrouble.NO_TOKEN, troubles.NO_TOKEN)
        found = await self._ask(wanted.message_key, credentials)
        fresh = fresh_address(wanted.url, wanted.position, found)
        if fresh is None:
            raise FetchFailed(MediaTrouble.EXPIRED, troubles.EXPIRED.format(why="It lists no such file."))
        return fresh

    async def _ask(self, mid: str, credentials: Credentials) -> list[str]:
        url = attachments_url(self._graph.base_url, mid, proof=credentials.proof)
        try:
            return decode_addresses(*await self._graph.ask(url, credentials.token))
        except FacebookError as error:
            failure = failure_of(error)
        raise FetchFailed(failure.trouble, failure.sentence)
