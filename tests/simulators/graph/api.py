"""The Graph API: reads an address, checks version, token and proof, and hands the call to its edge. Knows no sockets.

Three addresses stand beside the objects: the login dialog (Meta serves it from another host), `oauth/access_token`,
which needs no token, and `debug_token`.
"""

import inspect
import json
import secrets
from collections.abc import Mapping
from typing import Any

from shared.clock import Clock
from tests.simulators.faults import Answer
from tests.simulators.graph import errors, inspection, send_rules
from tests.simulators.graph.access import check_proof
from tests.simulators.graph.app import App
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.inspection import Inspection
from tests.simulators.graph.login import CodeExchange, LoginDialog
from tests.simulators.graph.login import exchange as code_exchange
from tests.simulators.graph.meta_json import encode
from tests.simulators.graph.objects import Objects
from tests.simulators.graph.request import Address, Edge, Edges, GraphCall
from tests.simulators.graph.tokens import Token, Tokens
from tests.simulators.graph.usage import Usage
from tests.simulators.graph.versions import check_version, looks_like_version, oldest_live
from tests.simulators.ledger import Call
from tests.simulators.parameters import Encoding, Parameters

CONTENT_TYPE = "application/json; charset=UTF-8"
BEARER = "bearer "
MAX_SEGMENTS = 2
PERMISSIONS_EDGE = "permissions"
"""The only edge with something behind it: `/{user}/permissions/{permission}`."""
DIALOG, CODE_EXCHANGE, DEBUG_TOKEN = ("dialog", "oauth"), ("oauth", "access_token"), ("debug_token", "")
PROOF_PARAMETERS = frozenset({"appsecret_proof", "appsecret_time"})


class GraphApi:
    """Answers calls; the platform behind the exchange."""

    def __init__(
        self,
        app: App,
        tokens: Tokens,
        objects: Objects,
        edges: Edges,
        *,
        dialog: LoginDialog,
        exchange: CodeExchange,
        clock: Clock,
    ) -> None:
        self.usage = Usage()
        self.inspection = Inspection(app, tokens)
        self._app = app
        self._tokens = tokens
        self._objects = objects
        self._edges = edges
        self._edge_names = {name for _, _, name in edges}
        self._dialog = dialog
        self._exchange = exchange
        self._clock = clock

    def describe(self, call: Call, parameters: Parameters) -> None:
        """Name the call after its edge, and take the token out of sight."""
        params = dict(parameters.values)
        call.token = str(params.pop("access_token", "")) or _bearer(call)
        if parameters.encoding is not Encoding.JSON:
            params = {name: _decoded(name, value) for name, value in params.items()}
        call.params = params
        segments = _segments(call.path)
        call.name = _name(segments)

    async def answer(self, call: Call) -> Answer:
        """Carry out one call."""
        now = self._clock()
        headers: dict[str, str] = {}
        try:
            address = read_address(call.path)
            version = address.version or oldest_live(now)
            check_version(version, now)
            headers["facebook-api-version"] = version
            if (address.object_id, address.edge) == DIALOG:
                return self._dialog.answer(call, now)
            if (address.object_id, address.edge) == CODE_EXCHANGE:
                call.ignored = _ignored(call, code_exchange.KNOWN_PARAMETERS)
                return _answer(self._exchange.exchange(call.params, now), headers=headers)
            value = await self._dispatch(call, address, now, headers)
        except GraphError as error:
            return _answer(error.envelope(_trace_id()), error.status, headers)
        return _answer(value, headers=headers)

    async def _dispatch(self, call: Call, address: Address, now: float, headers: dict[str, str]) -> dict[str, Any]:
        caller = self._caller(call, now)
        headers |= self.usage.headers(caller)
        self.usage.check(caller)
        if (address.object_id, address.edge) == DEBUG_TOKEN:
            call.ignored = _ignored(call, inspection.KNOWN_PARAMETERS)
            return self.inspection.inspect(str(call.params.get("input_token") or ""), caller, now)
        if address.edge not in self._edge_names:
            raise errors.unknown_path(f"/{address.edge}")
        node = self._objects.find(call.http_method, address.object_id, caller)
        edge = self._edge(call.http_method, node, address)
        call.ignored = _ignored(call, edge.known)
        value = edge.handler(GraphCall(call, address, caller, node, now))
        return await value if inspect.isawaitable(value) else value

    def _caller(self, call: Call, now: float) -> Token:
        if not call.token:
            raise errors.no_token()
        caller = self._tokens.living(call.token)
        check_proof(call, app_secret=self._app.secret, required=self._app.require_proof, now=now)
        return caller

    def _edge(self, http_method: str, node: Any, address: Address) -> Edge:
        edge = self._edges.get((http_method, type(node), address.edge))
        if edge is not None:
            return edge
        if http_method == "GET":
            raise errors.no_such_field(address.edge, type(node).__name__)
        raise errors.no_such_object(http_method, address.object_id)


def read_address(path: str) -> Address:
    """Split a path into version, object, edge and what follows it. Raises GraphError 2500."""
    first = path.strip("/").partition("/")[0]
    version, segments = first if looks_like_version(first) else "", _segments(path)
    most = MAX_SEGMENTS + (segments[1:2] == [PERMISSIONS_EDGE])
    if not 1 <= len(segments) <= most:
        raise errors.unknown_path(path)
    return Address(version, *segments) if len(segments) > 1 else Address(version, segments[0], "")


def _segments(path: str) -> list[str]:
    """Return the parts of a path without its version."""
    parts = [part for part in path.split("/") if part]
    return parts[1:] if parts and looks_like_version(parts[0]) else parts


def _name(segments: list[str]) -> str:
    if tuple(segments) == DIALOG:
        return "dialog"
    if segments == ["debug_token"]:
        return "debug_token"
    return segments[1] if len(segments) > 1 else "node"


def _ignored(call: Call, known: frozenset[str]) -> tuple[str, ...]:
    """Name the parameters that Graph passes over in silence."""
    return tuple(sorted(set(call.params) - known - PROOF_PARAMETERS))


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


def _answer(value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, encode(value), CONTENT_TYPE, headers or {})
