"""What a person's token leads to: `/me/accounts`, `/me/businesses`, `/{business}/owned_pages`, `/{user}/permissions`.

A page that is held through a business portfolio is missing from `/me/accounts` without `business_management`: the
answer is 200 and shorter, or empty. Without `pages_show_list` it is empty too. Pages that were not ticked in the
dialog are nowhere.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.admins import ALWAYS_GRANTED, Admin, Business
from tests.simulators.graph.fields import pick
from tests.simulators.graph.request import LIST_PARAMETERS, Edge, Edges, GraphCall
from tests.simulators.graph.tokens import Tokens
from tests.simulators.graph.world import Page, World

ACCOUNT_FIELDS = ("access_token", "category", "name", "id", "tasks")
BUSINESS_PAGE_FIELDS = ("id", "name")


class Accounts:
    """The edges of people and businesses."""

    def __init__(self, world: World, tokens: Tokens, *, on_removed: Callable[[Admin], None]) -> None:
        """`on_removed` is told when a person's token took back everything: they no longer use the app."""
        self._world = world
        self._tokens = tokens
        self._on_removed = on_removed

    def edges(self) -> Edges:
        """Tell what is answered here."""
        return {
            ("GET", Admin, "accounts"): Edge(self.accounts, LIST_PARAMETERS),
            ("GET", Admin, "businesses"): Edge(self.businesses, LIST_PARAMETERS),
            ("GET", Admin, "permissions"): Edge(self.permissions, LIST_PARAMETERS | {"permission", "status"}),
            ("DELETE", Admin, "permissions"): Edge(self.revoke, frozenset({"permission"})),
            ("GET", Business, ""): Edge(self.business, frozenset({"fields"})),
            ("GET", Business, "owned_pages"): Edge(self.owned_pages, LIST_PARAMETERS),
            ("GET", Business, "client_pages"): Edge(self.client_pages, LIST_PARAMETERS),
        }

    def accounts(self, request: GraphCall) -> dict[str, Any]:
        """List the pages that this person runs and has ticked."""
        admin = request.admin()
        pages = [self._world.pages[page_id] for page_id in admin.roles if _is_listed(admin, page_id)]
        return self._pages(request, pages, ACCOUNT_FIELDS)

    def businesses(self, request: GraphCall) -> dict[str, Any]:
        """List the person's portfolios. Raises GraphError 200."""
        admin = _manager(request)
        fields = request.fields(("id", "name"))
        return request.listing(
            admin.businesses, lambda one: one.id, lambda one: pick({"id": one.id, "name": one.name}, fields, "Business")
        )

    def business(self, request: GraphCall) -> dict[str, Any]:
        """Tell of one portfolio. Raises GraphError 200."""
        _manager(request)
        business = request.target(Business)
        return pick({"id": business.id, "name": business.name}, request.fields(("id", "name")), "Business")

    def owned_pages(self, request: GraphCall) -> dict[str, Any]:
        """List the pages that a portfolio owns. Raises GraphError 200."""
        return self._business_pages(request, request.target(Business).owned_pages)

    def client_pages(self, request: GraphCall) -> dict[str, Any]:
        """List the pages that others share with a portfolio. Raises GraphError 200."""
        return self._business_pages(request, request.target(Business).client_pages)

    def permissions(self, request: GraphCall) -> dict[str, Any]:
        """List what was asked of the person, and what they said."""
        asked = request.params.get("permission")
        statuses = request.target(Admin).permissions
        told = [
            {"permission": name, "status": status} for name, status in statuses.items() if asked in (None, "", name)
        ]
        return {"data": told}

    def revoke(self, request: GraphCall) -> dict[str, Any]:
        """Take back one permission, or all of them: then the app is removed. Raises GraphError 100."""
        admin = request.target(Admin)
        name = request.address.rest or str(request.params.get("permission") or "")
        if not name:
            self._on_removed(admin)
        elif name == ALWAYS_GRANTED or admin.permissions.pop(name, None) is None:
            raise errors.bad_parameter(f"Permission {name} cannot be revoked")
        return {"success": True}

    def _business_pages(self, request: GraphCall, page_ids: Sequence[str]) -> dict[str, Any]:
        admin = _manager(request)
        shown = [self._world.pages[page_id] for page_id in page_ids if admin.shows(page_id)]
        return self._pages(request, shown, BUSINESS_PAGE_FIELDS)

    def _pages(self, request: GraphCall, pages: Sequence[Page], default: tuple[str, ...]) -> dict[str, Any]:
        fields, admin = request.fields(default), request.admin()

        def show(page: Page) -> dict[str, Any]:
            values = {
                "id": page.id,
                "name": page.name,
                "category": page.category,
                "access_token": lambda _: self._tokens.page_token(request.caller, page.id).value,
                "tasks": list(admin.roles[page.id]),
            }
            return pick(values, fields, "Page")

        return request.listing(pages, lambda page: page.id, show)


def _is_listed(admin: Admin, page_id: str) -> bool:
    if not admin.allows("pages_show_list") or not admin.shows(page_id):
        return False
    business = admin.business_of(page_id)
    return business is None or (business.in_accounts and admin.allows("business_management"))


def _manager(request: GraphCall) -> Admin:
    """Return the person, who has let the app see their portfolios."""
    admin = request.admin()
    if not admin.allows("business_management"):
        raise errors.permission_missing("business_management")
    return admin
