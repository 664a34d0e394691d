"""One file from one address, as it comes: nothing is followed, nothing is unpacked, nothing is believed of its length.

Neither the errors nor the logs carry an address, which may hold a token or a signature.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from onsite.adapters.media_files import too_large
from onsite.core.media import troubles
from onsite.core.media.troubles import MediaTrouble
from onsite.engine.media import FetchFailed
from shared.addresses import why_not_public
from shared.judged_sockets import AddressRefused, Objection, judged_sockets

TOTAL_TIMEOUT_S = 300.0
"""For a whole file: 20 MB at some 70 KB/s. Whoever trickles holds one of few places no longer than that."""
SILENCE_TIMEOUT_S = 30.0
CHUNK_BYTES = 64 * 1024

_TIMEOUT = aiohttp.ClientTimeout(total=TOTAL_TIMEOUT_S, connect=10.0, sock_read=SILENCE_TIMEOUT_S)
_HEADERS = {"User-Agent": "social-relay", "Accept": "*/*", "Accept-Encoding": "identity"}

_OK, _TOO_MANY = 200, 429
_MAX_DIGITS = 9


@dataclass(frozen=True)
class Door:
    """Where Facebook's media may be fetched from, beyond their hosts' names; a test has a door of its own."""

    objection: Objection = why_not_public
    resolver: AbstractResolver | None = None
    """None: the system's."""
    tls: ssl.SSLContext | None = None
    """None: the system's authorities."""
    timeout: aiohttp.ClientTimeout = _TIMEOUT


OUTSIDE = Door()


def new_download_session(door: Door | None) -> aiohttp.ClientSession:
    """Make a session: no cookies, no proxy, nothing unpacked. Without a door, wherever an admin's setting says."""
    judged = {} if door is None else _guarded(door)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, **judged),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_TIMEOUT if door is None else door.timeout,
        headers=_HEADERS,
        auto_decompress=False,
        trust_env=False,  # a proxy would connect in our place, where nothing is judged
    )


@asynccontextmanager
async def opened(session: aiohttp.ClientSession, url: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for a file. Raises FetchFailed when no answer comes, and for a redirect."""
    with _as_failures():
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status // 100 == 3:  # noqa: PLR2004  a redirect leads to where nobody said it may
                raise FetchFailed(MediaTrouble.NOT_ALLOWED, troubles.REDIRECTED)
            yield answer


async def content_of(answer: aiohttp.ClientResponse, *, platform: str, limit_bytes: int) -> AsyncIterator[bytes]:
    """Read a file. Raises FetchFailed, also for an answer that is no file."""
    _check(answer, platform, limit_bytes)
    with _as_failures():
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            yield chunk


def _guarded(door: Door) -> dict[str, Any]:
    tls = {} if door.tls is None else {"ssl": door.tls}
    return {"resolver": door.resolver, "socket_factory": judged_sockets(door.objection), **tls}


def _check(answer: aiohttp.ClientResponse, platform: str, limit_bytes: int) -> None:
    if answer.status == _TOO_MANY:
        raise FetchFailed(
            MediaTrouble.THROTTLED,
            troubles.THROTTLED.format(platform=platform),
            retry_after_s=_seconds(answer.headers.get("Retry-After", "")),
        )
    if answer.status != _OK or answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailed(MediaTrouble.UNREACHABLE, f"{platform}'s answer (status {answer.status}) is not the file.")
    if (answer.content_length or 0) > limit_bytes:
        raise too_large(limit_bytes)


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0.0


@contextmanager
def _as_failures() -> Iterator[None]:
    """Say in words what the network did, the most telling kind of error first."""
    try:
        yield
    except TimeoutError:
        failed = FetchFailed(MediaTrouble.TOO_SLOW, troubles.TOO_SLOW)
    except aiohttp.ClientPayloadError:
        failed = FetchFailed(MediaTrouble.CUT_OFF, troubles.CUT_OFF)
    except aiohttp.ClientConnectorError as error:
        failed = _not_connected(error)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        words = f"The connection to the file failed ({type(error).__name__})."
        failed = FetchFailed(MediaTrouble.UNREACHABLE, words)
    else:
        return
    raise failed from None  # the exception beneath it may quote the address


def _not_connected(error: aiohttp.ClientConnectorError) -> FetchFailed:
    refused = error.os_error
    if isinstance(refused, AddressRefused):
        leads = f"{error.host} leads to {refused.address}, {refused.kind}"
        return FetchFailed(MediaTrouble.NOT_ALLOWED, troubles.LEADS_INSIDE.format(leads=leads))
    return FetchFailed(MediaTrouble.UNREACHABLE, f"{error.host} cannot be reached ({type(error).__name__}).")
