"""`/{page}/subscribed_apps`: which fields of a page are sent to the app.

https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
"""

import json
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.request import GraphCall
from tests.simulators.graph.world import MESSAGING_FIELDS

OTHER_FIELDS = (
    "calls",
    "conversations",
    "feed",
    "inbox_labels",
    "leadgen",
    "mention",
    "message_context",
    "message_mention",
    "message_template_status_update",
    "messaging_account_linking",
    "messaging_appointments",
    "messaging_customer_information",
    "messaging_direct_sends",
    "messaging_feedback",
    "messaging_integrity",
    "messaging_optouts",
    "name",
    "ratings",
    "response_feedback",
    "send_cart",
)
"""Fields of a page that an inbox does not need but may ask for."""

FIELDS = frozenset(MESSAGING_FIELDS + OTHER_FIELDS)
KNOWN_PARAMETERS = frozenset({"appsecret_proof", "appsecret_time", "fields", "limit", "subscribed_fields", "summary"})


class Subscriptions:
    """The edge of one app."""

    def __init__(self, *, app_id: str, app_name: str) -> None:
        self._app_id = app_id
        self._app_name = app_name

    def list(self, request: GraphCall) -> dict[str, Any]:
        """Tell which apps are installed: ours, or none."""
        if request.page.subscribed_fields is None:
            return {"data": []}
        app = {
            "category": "Business",
            "link": f"https://www.facebook.com/games/?app_id={self._app_id}",
            "name": self._app_name,
            "id": self._app_id,
            "subscribed_fields": list(request.page.subscribed_fields),
        }
        return {"data": [app]}

    def subscribe(self, request: GraphCall) -> dict[str, Any]:
        """Install the app, or replace its fields. Raises GraphError 100 for an unknown field."""
        request.page.subscribed_fields = read_fields(request.call.params.get("subscribed_fields"))
        return {"success": True}

    def unsubscribe(self, request: GraphCall) -> dict[str, Any]:
        """Remove the app from the page."""
        request.page.subscribed_fields = None
        return {"success": True}


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
