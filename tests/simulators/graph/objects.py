"""Finds the object that an address names, as far as the caller may see it.

Graph does not tell "not there" from "not for you": both are error 100, subcode 33.
"""

from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.admins import Admin
from tests.simulators.graph.app import App
from tests.simulators.graph.threads import message_of, thread_id, threads_of
from tests.simulators.graph.tokens import Kind, Token
from tests.simulators.graph.world import Page, World

ME = "me"


class Objects:
    """Everything with an id."""

    def __init__(self, app: App, world: World) -> None:
        self._app = app
        self._world = world

    def find(self, http_method: str, object_id: str, caller: Token) -> Any:
        """Return the object. Raises GraphError 100/33, 2500 for `me` where nobody is."""
        found = self._me(caller) if object_id == ME else self._by_id(object_id, caller)
        if found is None:
            raise errors.no_such_object(http_method, object_id)
        return found

    def _me(self, caller: Token) -> Any:
        if caller.page_id:
            return self._world.pages.get(caller.page_id)
        if caller.admin is None:
            raise errors.user_token_required()
        return caller.admin

    def _by_id(self, object_id: str, caller: Token) -> Any:
        if object_id == self._app.id:
            return self._app
        page = self._world.pages.get(object_id)
        if page is not None:
            return page if self._sees_page(caller, page) else None
        if object_id in self._world.admins:
            return self._person(self._world.admins[object_id], caller)
        if object_id in self._world.businesses:
            business = self._world.businesses[object_id]
            return business if caller.admin and business in caller.admin.businesses else None
        return self._of_page(object_id, self._world.pages[caller.page_id]) if caller.page_id else None

    def _sees_page(self, caller: Token, page: Page) -> bool:
        if caller.page_id:
            return caller.page_id == page.id
        return caller.kind is Kind.APP or (caller.admin is not None and caller.admin.shows(page.id))

    def _person(self, admin: Admin, caller: Token) -> Admin | None:
        return admin if caller.kind is Kind.APP or caller.admin is admin else None

    def _of_page(self, object_id: str, page: Page) -> Any:
        """Look among a page's customers, threads and messages."""
        if object_id in page.people:
            return page.people[object_id]
        if object_id.startswith("t_"):
            threads = threads_of(self._world, page)
            return next((one for one in threads if thread_id(page.id, one.person.psid) == object_id), None)
        return message_of(self._world, page, object_id)
