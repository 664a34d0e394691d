"""`/{page}/subscribed_apps`: which fields of a page are sent to the app.

Needs the page's own token, from a person who moderates it
(https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps).
"""

import json
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.app import App
from tests.simulators.graph.fields_of_page import FIELDS, NEEDS_MESSAGING
from tests.simulators.graph.request import LIST_PARAMETERS, Edge, Edges, GraphCall
from tests.simulators.graph.tokens import Kind
from tests.simulators.graph.world import Page

KNOWN_PARAMETERS = LIST_PARAMETERS | {"subscribed_fields"}
PERMISSIONS = ("pages_manage_metadata", "pages_show_list")
TASKS = ("MODERATE", "CREATE_CONTENT", "MANAGE")


class Subscriptions:
    """The edge of one app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.app_token_removes = False
        """Whether `DELETE` also takes the app's own token: not documented."""
        self.success: bool | str = True
        """What a success is told with: one of Meta's samples has the text "true"."""

    def edges(self) -> Edges:
        """Tell what is answered here."""
        return {
            ("GET", Page, "subscribed_apps"): Edge(self.list, KNOWN_PARAMETERS),
            ("POST", Page, "subscribed_apps"): Edge(self.subscribe, KNOWN_PARAMETERS),
            ("DELETE", Page, "subscribed_apps"): Edge(self.unsubscribe, KNOWN_PARAMETERS),
        }

    def list(self, request: GraphCall) -> dict[str, Any]:
        """Tell which apps are installed: ours, or none."""
        page = request.page(PERMISSIONS)
        if page.subscribed_fields is None:
            return {"data": []}
        app = {
            "category": "Business",
            "link": f"https://www.facebook.com/games/?app_id={self._app.id}",
            "name": self._app.name,
            "id": self._app.id,
            "subscribed_fields": list(page.subscribed_fields),
        }
        return {"data": [app]}

    def subscribe(self, request: GraphCall) -> dict[str, Any]:
        """Install the app, or replace its fields. Raises GraphError 100 for an unknown field, 200, 210."""
        page = request.page(PERMISSIONS, TASKS)
        fields = read_fields(request.params.get("subscribed_fields"))
        if NEEDS_MESSAGING & set(fields):
            request.check(page.id, ("pages_messaging",), ())
        page.subscribed_fields = fields
        return {"success": self.success}

    def unsubscribe(self, request: GraphCall) -> dict[str, Any]:
        """Remove the app from the page. Raises GraphError 200, 210."""
        if self.app_token_removes and request.caller.kind is Kind.APP:
            page = request.target(Page)
        else:
            page = request.page(PERMISSIONS, TASKS)
        page.subscribed_fields = None
        return {"success": self.success}


def read_fields(value: Any) -> tuple[str, ...]:
    """Read a comma list, a JSON array or its text. Raises GraphError 100."""
    fields = _as_list(value)
    if not fields:
        raise errors.missing_parameter("subscribed_fields")
    for position, field in enumerate(fields):
        if field not in FIELDS:
            choices = ", ".join(sorted(FIELDS))
            raise errors.bad_parameter(
                f'Param subscribed_fields[{position}] must be one of {{{choices}}} - got "{field}".'
            )
    return tuple(fields)


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    text = str(value or "").strip()
    if text.startswith("["):
        try:
            return list(json.loads(text))
        except ValueError:
            raise errors.bad_parameter("Param subscribed_fields must be an array.") from None
    return [part.strip() for part in text.split(",") if part.strip()]
