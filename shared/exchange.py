"""One request to a platform or the relay, one answer, and if there is none: whether it can have arrived. No retries.

The rule: only what fails before a connection stands is `NotSent`. Everything later is `NoAnswer`, as bytes may have
left. That includes a kept-alive connection which the platform closes just as it is used again: the request was most
likely not read, but nothing proves it. aiohttp itself repeats a request on such a connection only for idempotent
methods; a POST it sends once. Redirects are not followed: the platforms send none, so whoever does is somebody else.

Neither error carries an address or the exception beneath it: an address may hold a token.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import aiohttp

CONNECT_TIMEOUT_S = 10.0
"""For a free connection, the name, TCP and TLS together."""
ANSWER_TIMEOUT_S = 30.0
"""For the whole exchange. Both platforms answer a send within a few seconds; giving up early makes outcomes unknown."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Telegram caps a poll's answer near 4 MiB; Meta's are far smaller. What is longer is cut, and so unreadable."""

DEFAULT_TIMEOUT = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)

_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_JSON = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "social-relay"}


class Answer(NamedTuple):
    """What came back, whatever it is."""

    status: int
    body: bytes


class FullAnswer(NamedTuple):
    """The same with its headers, for who looks at more than what is said."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Names in any case of letters."""


class NotSent(Exception):
    """No connection was made: certainly nothing happened there. The message says why, in words."""


class NoAnswer(Exception):
    """A connection was made, but no whole answer came: it may have happened. The message says why, in words."""


def new_platform_session() -> aiohttp.ClientSession:
    """Make the session for both platforms: no cookies, no proxy, and no limit that long polls could use up."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), timeout=DEFAULT_TIMEOUT
    )


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    *,
    headers: dict[str, str] | None = None,
    timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,  # noqa: ASYNC109  aiohttp's, which tells connecting from answering
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Send a JSON body. Raises NotSent or NoAnswer, nothing else of the network's."""
    return await exchange(session, "POST", url, body, headers=headers, timeout=timeout, max_bytes=max_bytes)


async def get(
    session: aiohttp.ClientSession,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,  # noqa: ASYNC109  as above
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Ask. Raises NotSent or NoAnswer, nothing else of the network's."""
    return await exchange(session, "GET", url, None, headers=headers, timeout=timeout, max_bytes=max_bytes)


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: bytes | None,
    *,
    headers: dict[str, str] | None,
    timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  as above
    max_bytes: int = MAX_ANSWER_BYTES,
    heed: Callable[[Mapping[str, str]], None] | None = None,
) -> Answer:
    """Make one request, with a JSON body or none. Raises NotSent or NoAnswer, nothing else of the network's.

    `heed` is given the answer's headers, whose names are looked up in any case.
    """
    full = await exchange_full(session, method, url, body, headers=headers, timeout=timeout, max_bytes=max_bytes)
    if heed is not None:
        heed(full.headers)
    return Answer(full.status, full.body)


async def exchange_full(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: bytes | None = None,
    *,
    headers: dict[str, str] | None = None,
    timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,  # noqa: ASYNC109  as above
    max_bytes: int = MAX_ANSWER_BYTES,
) -> FullAnswer:
    """Do the same, and return the headers too."""
    try:
        async with session.request(
            method, url, data=body, headers=_JSON | (headers or {}), timeout=timeout, allow_redirects=False
        ) as answer:
            return FullAnswer(answer.status, await _read_bounded(answer.content, max_bytes), answer.headers)
    except _BEFORE_SENDING as error:
        trouble: NotSent | NoAnswer = NotSent(_in_words(error))
    except TimeoutError:
        trouble = NoAnswer("no answer in time")
    except (aiohttp.ClientError, OSError) as error:
        trouble = NoAnswer(_in_words(error))
    raise trouble  # outside of the handlers, so that it does not carry the exception beneath it


async def _read_bounded(content: aiohttp.StreamReader, max_bytes: int) -> bytes:
    read = bytearray()
    while len(read) < max_bytes and (chunk := await content.read(max_bytes - len(read))):
        read += chunk
    return bytes(read)


def _in_words(error: Exception) -> str:
    """Say what went wrong, the most telling kind of error first; names a host, never an address."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            words = f"the name {error.host} cannot be resolved"
        case aiohttp.ClientConnectorCertificateError():
            words = f"the certificate of {error.host} is not valid"
        case aiohttp.ClientConnectorError():
            words = f"{error.host}:{error.port} takes no connection: {error.os_error.strerror or 'no reason told'}"
        case aiohttp.ConnectionTimeoutError():
            words = "no connection in time"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            words = "the configured address is no http address"
        case aiohttp.ServerDisconnectedError():
            words = "the connection was closed before an answer came"
        case _:
            words = f"the connection failed ({type(error).__name__})"
    return words
