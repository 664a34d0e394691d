"""What the webhook's sender is answered, as a value and as HTTP. Which answer it is, `web.reception` decides.

Two doors lead to the webhook (`web.front_door` and aiohttp's routes); both say the same words.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

RETRY_AFTER_S = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a webhook."""

    status: int
    code: str
    """For programs; also the label under which it is counted."""
    message: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What stands in the head beside type and length."""
        if self.status == HTTPStatus.OK:
            return {"Content-Type": "text/plain; charset=utf-8"}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_S)
        return headers

    @property
    def body(self) -> bytes:
        """What stands in the body: for Meta it is the status that counts."""
        if self.status == HTTPStatus.OK:
            return b"ok"
        return json.dumps({"error": {"code": self.code, "message": self.message}}).encode()

    def as_response(self) -> web.Response:
        """Write it for aiohttp."""
        return web.Response(status=self.status, body=self.body, headers=self.headers)

    def as_bytes(self, *, date: str) -> bytes:
        """Write it as HTTP/1.1 (RFC 9112, section 4); `date` in the form of RFC 9110, section 5.6.7."""
        body = self.body
        fields = {"Date": date, **self.headers, "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{k}: {v}" for k, v in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


ACCEPTED = Answer(HTTPStatus.OK, "accepted")
