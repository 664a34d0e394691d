"""What the HTTP sides of both halves have in common: bounded bodies, bearer tokens, errors as JSON. No routes.

An error answer is `{"error": {"code": "…", "message": "…"}}`: the code for programs, the message for people.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from shared.errors import UserError
from shared.logs import get_logger

log = get_logger(__name__)

BODY_TIMEOUT_S = 30.0
"""How long a body may take to arrive: whoever holds one back holds memory."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def json_error(status: int, code: str, message: str, **headers: str) -> web.Response:
    """Answer with an error."""
    return web.json_response(
        {"error": {"code": code, "message": message}},
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()} or None,
    )


class RequestRefused(Exception):
    """Ends a request with this answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


async def read_body(request: web.Request, *, limit: int) -> bytes:
    """Read the raw body of at most `limit` bytes.

    Raises RequestRefused: 413 as soon as it is known to be larger, 415 for a packed one (the servers unpack nothing),
    408 when it takes longer than BODY_TIMEOUT_S, 400 when the caller has gone meanwhile (and will not read it).
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestRefused(415, "packed_body", "a body with a Content-Encoding is not accepted: send it as it is")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    try:
        if request.content.is_eof() and request.content_length is not None:
            return request.content.read_nowait()  # all of it came with the head, as webhooks do: nothing to wait for
        async with asyncio.timeout(BODY_TIMEOUT_S):
            if request.content_length is not None:
                return await request.content.read()  # the parser holds the sender to the length it named
            return await _read_unmeasured(request, limit)
    except TimeoutError:
        raise RequestRefused(408, "too_slow", f"the body took longer than {BODY_TIMEOUT_S:.0f} s") from None
    except ConnectionError:
        raise RequestRefused(400, "caller_gone", "the connection was lost before the body was read") from None


async def _read_unmeasured(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused(413, "too_large", f"the body is larger than {limit} bytes")


async def read_json(request: web.Request, *, limit: int = 64 * 1024) -> dict[str, Any]:
    """Read a JSON object of a modest size. Raises RequestRefused 400 or 413."""
    body = await read_body(request, limit=limit)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestRefused(400, "malformed_json", "the body is not JSON") from None
    if not isinstance(value, dict):
        raise RequestRefused(400, "malformed_json", "the body is JSON, but no object")
    return value


def bearer_of(request: web.Request) -> bytes:
    """Return the bearer token that a request carries, or nothing; to be compared in constant time."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""


def require_bearer(expected: SecretStr) -> Callable[[Handler], Handler]:
    """Guard a handler with a bearer token, compared in constant time."""
    wanted = expected.get_secret_value().encode()

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            offered = bearer_of(request)
            if not offered or not hmac.compare_digest(offered, wanted):
                return json_error(401, "unauthorized", "a valid bearer token is needed", WWW_Authenticate="Bearer")
            return await handler(request)

        return guarded

    return guard


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers raise into answers: refusals and a person's mistakes in words, the rest as 500 and a log."""
    try:
        return await handler(request)
    except RequestRefused as refused:
        return json_error(refused.status, refused.code, refused.message)
    except UserError as error:
        return json_error(409, "refused", str(error))
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004  a redirect is no error
            raise
        return json_error(error.status, error.reason.lower().replace(" ", "_"), f"{error.status}: {error.reason}")
    except Exception:
        log.exception("request_failed", method=request.method, route=_route_of(request))
        return json_error(500, "internal", "the request failed inside the server; its log says why")


def _route_of(request: web.Request) -> str:
    """Name the route, not the address: an address may carry a secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
