"""`/{app}/subscriptions`: what the app listens to. Subscribing shakes hands with the callback address, for real.

https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
"""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.app import App, AppSubscription, is_secure
from tests.simulators.graph.fields_of_page import FIELDS
from tests.simulators.graph.http_sender import DeliveryResult
from tests.simulators.graph.request import Edge, Edges, GraphCall
from tests.simulators.graph.versions import NEWEST

OBJECTS = ("page", "instagram", "permissions", "user", "application")
KNOWN_PARAMETERS = frozenset({"object", "callback_url", "verify_token", "fields", "include_values"})

Verify = Callable[[str, str], Awaitable[DeliveryResult]]
"""Shakes hands with an address, with a token to verify."""


class AppSubscriptions:
    """The edge of one app."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify

    def edges(self) -> Edges:
        """Tell what is answered here."""
        return {
            ("GET", App, "subscriptions"): Edge(self.list, KNOWN_PARAMETERS),
            ("POST", App, "subscriptions"): Edge(self.subscribe, KNOWN_PARAMETERS),
            ("DELETE", App, "subscriptions"): Edge(self.unsubscribe, KNOWN_PARAMETERS),
        }

    def list(self, request: GraphCall) -> dict[str, Any]:
        """Tell what is subscribed. Raises GraphError 15."""
        request.require_app()
        return {"data": [_shown(one) for one in request.target(App).subscriptions.values()]}

    async def subscribe(self, request: GraphCall) -> dict[str, Any]:
        """Verify the address and replace what was subscribed for the object. Raises GraphError 15, 100, 2200."""
        request.require_app()
        app, wanted = request.target(App), _read(request.params)
        verify_token = str(request.params.get("verify_token") or "")
        if not verify_token:
            raise errors.missing_parameter("verify_token")
        result = await self._verify(wanted.callback_url, verify_token)
        if not result.accepted:
            raise errors.callback_refused(_reason(result))
        app.subscriptions[wanted.object] = wanted
        app.verify_token = verify_token
        return {"success": True}

    def unsubscribe(self, request: GraphCall) -> dict[str, Any]:
        """Remove fields of an object, an object, or all of them. Raises GraphError 15, 100."""
        request.require_app()
        app, name = request.target(App), request.params.get("object")
        if not name:
            app.subscriptions.clear()
            return {"success": True}
        subscription = app.subscriptions.get(_object(name))
        fields = set(_fields(request.params.get("fields")))
        left = () if subscription is None or not fields else tuple(set(subscription.fields) - fields)
        app.subscriptions.pop(str(name), None)
        if subscription is not None and left:
            app.subscriptions[str(name)] = AppSubscription(subscription.object, subscription.callback_url, left)
        return {"success": True}


def _read(params: dict[str, Any]) -> AppSubscription:
    """Check what is asked for. Raises GraphError 100."""
    name, callback_url = _object(params.get("object")), str(params.get("callback_url") or "")
    if not callback_url:
        raise errors.missing_parameter("callback_url")
    if not is_secure(callback_url):
        raise errors.bad_parameter("Param callback_url must be an https address")
    fields = _fields(params.get("fields"))
    unknown = sorted(set(fields) - FIELDS) if name == "page" else []
    if not fields or unknown:
        raise errors.bad_parameter(f"Param fields must be a list of known fields - got {unknown or 'none'}")
    return AppSubscription(name, callback_url, fields, str(params.get("include_values", "")).lower() in {"true", "1"})


def _object(name: Any) -> str:
    if name not in OBJECTS:
        raise errors.bad_parameter(f"Param object must be one of {{{', '.join(OBJECTS)}}}")
    return str(name)


def _fields(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else str(value or "").strip("[]").replace('"', "").split(",")
    return tuple(part for part in (str(part).strip() for part in listed) if part)


def _shown(one: AppSubscription) -> dict[str, Any]:
    fields = [{"name": name, "version": NEWEST} for name in one.fields]
    return {"object": one.object, "callback_url": one.callback_url, "active": True, "fields": fields}


def _reason(result: DeliveryResult) -> str:
    return result.error or f"HTTP Status Code = {result.status}"
