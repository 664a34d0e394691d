"""The admin API of outboxes, below `/admin/v1/outboxes`: what the `relay outbox` commands talk to.

GET  /admin/v1/outboxes                     ?after, ?limit, ?unclaimed=1: those that hold or lost something, by name
GET  /admin/v1/outboxes/{outbox}            one of them
GET  /admin/v1/outboxes/{outbox}/events     ?part=waiting|dead, ?since, ?until, ?page, ?id, ?after, ?limit, ?payload=1
POST /admin/v1/outboxes/{outbox}/drop       {"part", and what is chosen, "dry_run"}
POST /admin/v1/outboxes/{outbox}/replay     dead letters go back, behind what waits, or to the site of their page
POST /admin/v1/outboxes/{outbox}/set-aside  waiting events become dead letters; {"reason"}

An outbox is named after its site, or `~` and the id of a page that no site claims. Its `state` is that of the
site's delivery (up, parked, paused), or unclaimed: nobody receives these events. Events are chosen by `since`,
`until` (`2h`, or a time in ISO 8601), `page` and `id`. Each call is one bounded step: whoever wants more asks again
with the answer's `next` as `after`, and with its `last`, so that what comes meanwhile is not chosen.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from relay.core.choice import Choice, choose
from relay.core.delivery import MAX_REASON
from relay.core.errors import OutboxNotFound
from relay.core.limits import Part
from relay.core.outbox import is_holding, page_of
from relay.engine.outbox_admin import LIST_AT_MOST, Listed, OutboxAdmin, OutboxView, Sifted
from relay.web.readable import readable
from shared.clock import Clock
from shared.lenient import as_text
from shared.web import Handler, RequestRefused, read_json, require_bearer

PREFIX = "/admin/v1/outboxes"
UNCLAIMED = "unclaimed"
"""The `state` of an outbox whose events nobody receives."""


class OutboxRoutes:
    """The routes."""

    def __init__(self, outboxes: OutboxAdmin, *, token: SecretStr, clock: Clock = time.time) -> None:
        self._outboxes = outboxes
        self._guard = require_bearer(token)
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        for method, path, handler in (
            ("GET", "", self.list_outboxes),
            ("GET", "/{outbox}", self.show),
            ("GET", "/{outbox}/events", self.events),
            ("POST", "/{outbox}/drop", self.drop),
            ("POST", "/{outbox}/replay", self.replay),
            ("POST", "/{outbox}/set-aside", self.set_aside),
        ):
            app.router.add_route(method, PREFIX + path, self._guard(_answering(handler)))

    async def list_outboxes(self, request: web.Request) -> web.Response:
        """List outboxes."""
        query = request.query
        found = await self._outboxes.list(
            after=query.get("after", ""), at_most=_limit(query), unclaimed=_is_set(query, "unclaimed")
        )
        return web.json_response({"outboxes": [_view_json(each) for each in found.outboxes], "next": found.go_on})

    async def show(self, request: web.Request) -> web.Response:
        """Show one outbox."""
        return web.json_response(_view_json(await self._outboxes.show(request.match_info["outbox"])))

    async def events(self, request: web.Request) -> web.Response:
        """List events; what they say only when that is asked for."""
        query = request.query
        listing = await self._outboxes.events(
            request.match_info["outbox"],
            _part(query.get("part", Part.WAITING)),
            self._choice(query),
            at_most=_limit(query),
            with_payload=_is_set(query, "payload"),
        )
        return web.json_response({"events": [_event_json(each) for each in listing.events], "next": listing.go_on})

    async def drop(self, request: web.Request) -> web.Response:
        """Delete events for good."""
        body = await read_json(request)
        part = _part(_text(body, "part") or Part.WAITING)
        return _step(await self._outboxes.drop(_outbox(request), part, self._choice(body), dry_run=_dry_run(body)))

    async def replay(self, request: web.Request) -> web.Response:
        """Put dead letters back."""
        body = await read_json(request)
        return _step(await self._outboxes.replay(_outbox(request), self._choice(body), dry_run=_dry_run(body)))

    async def set_aside(self, request: web.Request) -> web.Response:
        """Make dead letters of waiting events."""
        body = await read_json(request)
        choice, reason = self._choice(body), _text(body, "reason")[:MAX_REASON]
        return _step(await self._outboxes.set_aside(_outbox(request), choice, dry_run=_dry_run(body), reason=reason))

    def _choice(self, asked: Mapping[str, Any]) -> Choice:
        wanted = {name: _text(asked, name) for name in ("since", "until")}
        choice = choose(**wanted, page_id=_text(asked, "page"), event_id=_text(asked, "id"), now=self._clock())
        return choice.going_on(_text(asked, "after"), _text(asked, "last"))


def _answering(handler: Handler) -> Handler:
    async def answering(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except OutboxNotFound as error:
            raise RequestRefused(404, "not_found", str(error)) from None

    return answering


def _outbox(request: web.Request) -> str:
    return request.match_info["outbox"]


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name) or ""
    if not isinstance(value, str):
        raise RequestRefused(400, "bad_field", f"{name} is no text")
    return as_text(value)  # JSON can spell half of a character, which nothing here could write


def _dry_run(body: Mapping[str, Any]) -> bool:
    value = body.get("dry_run", False)
    if not isinstance(value, bool):
        raise RequestRefused(400, "bad_field", "dry_run is neither true nor false")
    return value


def _part(text: str) -> Part:
    try:
        return Part(text)
    except ValueError:
        raise RequestRefused(400, "bad_field", f"part is one of {', '.join(Part)}") from None


def _is_set(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") not in {"", "0", "false"}


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(LIST_AT_MOST))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LIST_AT_MOST:
        raise RequestRefused(400, "bad_field", f"limit is a whole number from 1 to {LIST_AT_MOST}")
    return int(text)


def _view_json(view: OutboxView) -> dict[str, Any]:
    status = asdict(view.status) | {"kept_until_ms": view.kept_until_ms}
    name = view.status.outbox
    if is_holding(name):
        return {"site": None, "page_id": page_of(name)} | readable(status) | {"state": UNCLAIMED}
    return {"site": name, "page_id": None} | readable(status)


def _event_json(event: Listed) -> dict[str, Any]:
    shown = readable(asdict(event))
    payload = shown.pop("payload")
    return shown if payload is None else shown | {"payload": _as_json(payload)}


def _as_json(payload: bytes) -> Any:
    """Show what an event says as the JSON that it is; what is none, as text."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")


def _step(sifted: Sifted) -> web.Response:
    return web.json_response(
        {
            "chosen": sifted.chosen,
            "bytes": sifted.size,
            "looked_at": sifted.looked_at,
            "in_flight": sifted.in_flight,
            "full": sifted.full,
            "next": sifted.go_on,
            "last": sifted.last,
        }
    )
