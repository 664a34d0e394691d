"""Fetches what customers sent to a bot: asks where the file is, then reads it. The server is an admin's choice."""

from collections.abc import AsyncGenerator

import aiohttp

from onsite.adapters.downloads import content_of, opened
from onsite.adapters.telegram_client import TelegramClient
from onsite.core.errors import TelegramError
from onsite.core.media import troubles
from onsite.core.media.troubles import MediaTrouble
from onsite.core.telegram.files import failure_of, file_url
from onsite.engine.channels import Credentials
from onsite.engine.media import FetchFailed, Wanted


class TelegramMedia:
    """Implements `MediaSource` for bots."""

    def __init__(self, telegram: TelegramClient, session: aiohttp.ClientSession) -> None:
        self._telegram = telegram
        self._session = session

    async def chunks(
        self, wanted: Wanted, credentials: Credentials | None, *, limit_bytes: int
    ) -> AsyncGenerator[bytes]:
        """Read a file. Raises FetchFailed."""
        if credentials is None:
            raise FetchFailed(MediaTrouble.NO_TOKEN, troubles.NO_TOKEN)
        url = await self._address(wanted, credentials)
        async with opened(self._session, url) as answer:
            async for chunk in content_of(answer, platform="Telegram", limit_bytes=limit_bytes):
                yield chunk

    async def _address(self, wanted: Wanted, credentials: Credentials) -> str:
        try:
            path = await self._telegram.get_file_path(credentials.token, wanted.file_id)
        except TelegramError as error:
            failure = failure_of(error)
        else:
            return file_url(self._telegram.base_url, credentials.token, path)
        raise FetchFailed(failure.trouble, failure.sentence, retry_after_s=failure.retry_after_s)
