"""`GET /{id}?fields=…`: a page about itself, the profile of a customer, a person who is logged in, the app.

https://developers.facebook.com/docs/messenger-platform/identity/user-profile
"""

from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.admins import Admin
from tests.simulators.graph.app import App
from tests.simulators.graph.fields import pick
from tests.simulators.graph.request import Edge, Edges, GraphCall
from tests.simulators.graph.tokens import Kind, Tokens
from tests.simulators.graph.world import Page, Person

KNOWN_PARAMETERS = frozenset({"fields"})
PROFILE_FIELDS = ("id", "name", "first_name", "last_name", "profile_pic", "locale", "timezone", "gender")
DEFAULT_PROFILE_FIELDS = ("first_name", "last_name", "profile_pic", "id")
DEFAULT_FIELDS = ("name", "id")


class Nodes:
    """Objects about themselves."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def edges(self) -> Edges:
        """Tell what is answered here."""
        return {
            ("GET", Page, ""): Edge(self.read_page, KNOWN_PARAMETERS),
            ("GET", Person, ""): Edge(read_profile, KNOWN_PARAMETERS),
            ("GET", Admin, ""): Edge(read_user, KNOWN_PARAMETERS),
            ("GET", App, ""): Edge(read_app, KNOWN_PARAMETERS),
        }

    def read_page(self, request: GraphCall) -> dict[str, Any]:
        """Tell of a page; with a person's token `access_token` is their token for it. Raises GraphError."""
        page, caller = request.target(Page), request.caller
        if caller.kind is Kind.APP:
            raise errors.no_such_object("GET", page.id)
        values: dict[str, Any] = {
            "id": page.id,
            "name": page.name,
            "category": page.category,
            "access_token": caller.value,
        }
        if caller.admin is not None and caller.kind is not Kind.PAGE:
            values["access_token"] = self._tokens.page_token(caller, page.id).value
            values["tasks"] = list(caller.admin.roles[page.id])
        return pick(values, request.fields(DEFAULT_FIELDS), "Page")


def read_profile(request: GraphCall) -> dict[str, Any]:
    """Tell of a customer. Raises GraphError."""
    person = request.target(Person)
    request.check(person.page_id, ("pages_messaging",), ())
    if person.profile_error is not None:
        raise person.profile_error
    values = dict.fromkeys(PROFILE_FIELDS) | person.profile | {"id": person.psid}
    return pick(values, request.fields(DEFAULT_PROFILE_FIELDS), "User")


def read_user(request: GraphCall) -> dict[str, Any]:
    """Tell of the person who is logged in."""
    admin = request.target(Admin)
    first_name, _, last_name = admin.name.partition(" ")
    values = {"id": admin.id, "name": admin.name, "first_name": first_name, "last_name": last_name}
    return pick(values, request.fields(DEFAULT_FIELDS), "User")


def read_app(request: GraphCall) -> dict[str, Any]:
    """Tell of the app."""
    app = request.target(App)
    values = {"id": app.id, "name": app.name, "category": "Business", "link": f"https://www.facebook.com/{app.id}"}
    return pick(values, request.fields(DEFAULT_FIELDS), "Application")
