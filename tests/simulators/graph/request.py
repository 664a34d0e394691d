"""One call of the Graph API after its address was read: version, object, edge, who calls; what an edge may ask of it.

Meta's order of complaints is kept: the kind of token, then the permission, then the task on the page.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.simulators.graph import errors, paging
from tests.simulators.graph.admins import Admin
from tests.simulators.graph.fields import Field, read_fields_parameter
from tests.simulators.graph.tokens import Kind, Token
from tests.simulators.graph.world import Page
from tests.simulators.ledger import Call

T = TypeVar("T")
LIST_PARAMETERS = frozenset({"fields", "summary"}) | paging.PARAMETERS


@dataclass(frozen=True, slots=True)
class Address:
    """Where a call goes."""

    version: str
    """Empty where the client named none."""
    object_id: str
    """Digits, `me`, or a word that stands for no object, such as `debug_token`."""
    edge: str
    """Empty for the object itself."""
    rest: str = ""
    """What follows the edge: a permission's name."""


@dataclass(frozen=True, slots=True)
class GraphCall:
    """A call with a living token."""

    call: Call
    address: Address
    caller: Token
    node: Any
    """The object: a Page, an Admin, a Business, a Thread, a ThreadMessage, a Person, the App."""
    now: float

    @property
    def params(self) -> dict[str, Any]:
        """What was sent along."""
        return self.call.params

    def target(self, kind: type[T]) -> T:
        """Return the object; the table of edges has seen to it that it is of this kind."""
        if not isinstance(self.node, kind):
            raise TypeError(f"an edge of {kind.__name__} was called for {type(self.node).__name__}")
        return self.node

    def page(self, permissions: Sequence[str] = (), tasks: Sequence[str] = ()) -> Page:
        """Return the page, when it is called with a token of its own that may do this. Raises GraphError 210, 200."""
        page = self.target(Page)
        if self.caller.page_id != page.id:
            raise errors.page_token_required()
        self.check(page.id, permissions, tasks)
        return page

    def check(self, page_id: str, permissions: Sequence[str], tasks: Sequence[str]) -> None:
        """Let the caller pass who has all of the permissions and one of the tasks. Raises GraphError 200."""
        admin = self.caller.admin
        if admin is None:
            return  # a token of the dashboard's own, for tests that are about something else
        missing = [name for name in permissions if not admin.allows(name)]
        if missing:
            raise errors.permission_missing(*missing)
        if not admin.shows(page_id):
            raise errors.permission_missing("access to this page")
        if tasks and not admin.may(page_id, tasks):
            raise errors.task_missing(tasks)

    def admin(self) -> Admin:
        """Return the person who is logged in. Raises GraphError 2500."""
        if self.caller.kind not in {Kind.USER, Kind.SYSTEM_USER} or self.caller.admin is None:
            raise errors.user_token_required()
        return self.caller.admin

    def require_app(self) -> None:
        """Let only the app's own token pass. Raises GraphError 15."""
        if self.caller.kind is not Kind.APP:
            raise errors.app_token_required()

    def fields(self, default: tuple[str, ...]) -> tuple[Field, ...]:
        """Return what is asked for. Raises GraphError 2500."""
        return read_fields_parameter(self.params.get("fields"), default)

    def listing(
        self, items: Sequence[T], key: Callable[[T], str], show: Callable[[T], Any], *, max_limit: int = 100
    ) -> dict[str, Any]:
        """Answer with the part of a list that the cursors ask for."""
        part, more = paging.part_of(items, key, self.params, max_limit=max_limit)
        query = {"access_token": self.caller.value} | {name: str(value) for name, value in self.params.items()}
        next_url = f"http://{self.call.headers.get('Host', 'graph.facebook.com')}{self.call.path}"
        listed: dict[str, Any] = paging.envelope(
            [show(item) for item in part], [key(item) for item in part], more=more, next_url=next_url, query=query
        )
        return listed


Answer = dict[str, Any]
Handler = Callable[[GraphCall], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Edge:
    """What answers at an edge, and which parameters it knows; others are passed over in silence."""

    handler: Handler
    known: frozenset[str]


Edges = dict[tuple[str, type, str], Edge]
"""By HTTP method, kind of object and name; the name is empty for the object itself."""
