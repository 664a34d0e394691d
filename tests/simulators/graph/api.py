"""The Graph API: reads an address, checks version, token and proof, and hands the call to its edge. Knows no sockets.

A later edge (conversations, thread control) is one more row of the table; an edge without a page token (the OAuth
dialog, debug_token, app subscriptions) branches off before the token is resolved.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

from shared.clock import Clock
from tests.simulators.faults import Answer
from tests.simulators.graph import errors, nodes, send_rules, subscriptions
from tests.simulators.graph.access import check_proof
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.meta_json import encode
from tests.simulators.graph.nodes import read_node
from tests.simulators.graph.request import Address, GraphCall
from tests.simulators.graph.send import SendApi, ignored_parameters
from tests.simulators.graph.subscriptions import Subscriptions
from tests.simulators.graph.versions import check_version, looks_like_version, oldest_live
from tests.simulators.graph.world import World
from tests.simulators.ledger import Call
from tests.simulators.parameters import Encoding, Parameters

Handler = Callable[[GraphCall], dict[str, Any]]

CONTENT_TYPE = "application/json; charset=UTF-8"
BEARER = "bearer "
MAX_SEGMENTS = 2


class GraphApi:
    """Answers calls; the platform behind the exchange."""

    def __init__(self, world: World, sender: SendApi, apps: Subscriptions, *, app_secret: str, clock: Clock) -> None:
        self.require_proof = False
        """The dashboard's switch "Require App Secret"."""
        self._world = world
        self._app_secret = app_secret
        self._clock = clock
        page_edges, node = subscriptions.KNOWN_PARAMETERS, nodes.KNOWN_PARAMETERS
        self._edges: dict[tuple[str, str], tuple[Handler, frozenset[str]]] = {
            ("POST", "messages"): (sender.send, send_rules.KNOWN_PARAMETERS),
            ("POST", "message_attachments"): (sender.save_attachment, send_rules.KNOWN_PARAMETERS),
            ("GET", "subscribed_apps"): (apps.list, page_edges),
            ("POST", "subscribed_apps"): (apps.subscribe, page_edges),
            ("DELETE", "subscribed_apps"): (apps.unsubscribe, page_edges),
            ("GET", ""): (read_node, node),
        }

    def describe(self, call: Call, parameters: Parameters) -> None:
        """Name the call after its edge, and take the token out of sight."""
        params = dict(parameters.values)
        call.token = str(params.pop("access_token", "")) or _bearer(call)
        if parameters.encoding is not Encoding.JSON:
            params = {name: _decoded(name, value) for name, value in params.items()}
        call.params = params
        segments = _segments(call.path)
        call.name = segments[1] if len(segments) > 1 else "node"

    async def answer(self, call: Call) -> Answer:
        """Carry out one call."""
        now = self._clock()
        try:
            address = read_address(call.path)
            version = address.version or oldest_live(now)
            check_version(version, now)
            value = self._dispatch(call, address, now)
        except GraphError as error:
            return _answer(error.envelope(_trace_id()), error.status)
        return _answer(value, headers={"facebook-api-version": version})

    def _dispatch(self, call: Call, address: Address, now: float) -> dict[str, Any]:
        if not call.token:
            raise errors.no_token()
        page = self._world.page_of_token(call.token)
        check_proof(call, app_secret=self._app_secret, required=self.require_proof, now=now)
        request = GraphCall(call, address, page, now)
        if (call.http_method, address.edge) not in self._edges:
            raise errors.unknown_path(f"/{address.edge}")
        if address.edge and request.object_id != page.id:
            raise errors.no_such_object(call.http_method, address.object_id)
        handler, known = self._edges[call.http_method, address.edge]
        call.ignored = ignored_parameters(call, known)
        return handler(request)


def read_address(path: str) -> Address:
    """Split a path into version, object and edge. Raises GraphError 2500."""
    first = path.strip("/").partition("/")[0]
    version, segments = first if looks_like_version(first) else "", _segments(path)
    if not 1 <= len(segments) <= MAX_SEGMENTS:
        raise errors.unknown_path(path)
    return Address(version, segments[0], segments[1] if len(segments) > 1 else "")


def _segments(path: str) -> list[str]:
    """Return the parts of a path without its version."""
    parts = [part for part in path.split("/") if part]
    return parts[1:] if parts and looks_like_version(parts[0]) else parts


def _bearer(call: Call) -> str:
    header = call.headers.get("Authorization", "")
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else ""


def _decoded(name: str, value: Any) -> Any:
    if name not in send_rules.OBJECT_PARAMETERS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _trace_id() -> str:
    return "A" + secrets.token_urlsafe(16)[:22]


def _answer(value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, encode(value), CONTENT_TYPE, headers or {})
