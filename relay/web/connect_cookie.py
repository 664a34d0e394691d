"""The cookie that binds a login to a browser. One for each login, so that two windows do not disturb each other.

`__Host-` has the browser refuse it from anybody but this very host, and over anything but https (or this machine's own
http). `Lax`, as Facebook's redirect back must bring it along; other sites' forms do not.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie
"""

from aiohttp import web

from relay.core.connecting.ticket import TICKET_TTL_S, digest, is_ticket_shaped

NAME_CHARS = 12
LIVES_S = 4 * TICKET_TTL_S
"""Longer than a session does: so that who comes late is told that, and not that this is another browser."""


def read_cookie(request: web.Request, session_id: str) -> str:
    """Return the cookie of a login; empty where there is none, or one of another form."""
    value = request.cookies.get(_name(session_id), "")
    return value if is_ticket_shaped(value) else ""


def set_cookie(response: web.Response, session_id: str, value: str) -> None:
    """Have the browser keep it."""
    response.set_cookie(_name(session_id), value, max_age=LIVES_S, path="/", secure=True, httponly=True, samesite="Lax")


def drop_cookie(response: web.Response, session_id: str) -> None:
    """Have the browser forget it."""
    response.del_cookie(_name(session_id), path="/", secure=True, httponly=True, samesite="Lax")


def form_token(cookie: str) -> str:
    """Return what a form must bring along to prove that it is ours: nobody can make it who cannot read the cookie."""
    return digest("form:" + cookie)


def _name(session_id: str) -> str:
    return f"__Host-connect-{session_id[:NAME_CHARS]}"
