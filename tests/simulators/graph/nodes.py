"""`GET /{id}?fields=…`: a page about itself, and the profile of a person.

https://developers.facebook.com/docs/messenger-platform/identity/user-profile
"""

from collections.abc import Mapping
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.request import GraphCall
from tests.simulators.graph.world import Page, Person

KNOWN_PARAMETERS = frozenset({"appsecret_proof", "appsecret_time", "fields"})
PROFILE_FIELDS = ("id", "name", "first_name", "last_name", "profile_pic", "locale", "timezone", "gender")
DEFAULT_PROFILE_FIELDS = ("first_name", "last_name", "profile_pic", "id")
DEFAULT_PAGE_FIELDS = ("name", "id")


def read_node(request: GraphCall) -> dict[str, Any]:
    """Answer with the fields of an object that this page's token may see. Raises GraphError."""
    if request.object_id == request.page.id:
        return _pick(_page_values(request.page), request.call.params, DEFAULT_PAGE_FIELDS, "Page")
    person = request.page.people.get(request.object_id)
    if person is None:
        raise errors.no_such_object("GET", request.object_id)
    if person.profile_error is not None:
        raise person.profile_error
    return _pick(_profile_values(person), request.call.params, DEFAULT_PROFILE_FIELDS, "User")


def _page_values(page: Page) -> dict[str, Any]:
    return {"id": page.id, "name": page.name, "category": page.category, "access_token": page.token}


def _profile_values(person: Person) -> dict[str, Any]:
    return dict.fromkeys(PROFILE_FIELDS) | person.profile | {"id": person.psid}


def _pick(
    values: Mapping[str, Any], params: Mapping[str, Any], default: tuple[str, ...], node_type: str
) -> dict[str, Any]:
    """Return the fields asked for; what is empty is left out, as Graph does, and the id is always there."""
    asked = [name.strip() for name in str(params.get("fields") or "").split(",") if name.strip()] or list(default)
    for name in asked:
        if name not in values:
            raise errors.bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")
    return {name: values[name] for name in [*asked, "id"] if values[name] is not None}
