"""The pages that a person runs, as Meta lists them: piece by piece, and some of them only through a business portfolio.

https://developers.facebook.com/docs/graph-api/reference/user/accounts. The address of the next piece that Meta gives
holds the token, so it is not followed: the cursor in it is asked for at our own address.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import SecretStr

from relay.core.graph_calls import graph_url, read_graph
from shared.lenient import as_id, as_list, as_object, as_text
from shared.names import is_page_id

T = TypeVar("T")

PIECE = 100
"""Entries asked for at once: Meta's most."""
MAX_PIECES = 10
"""Pieces of one list; what is beyond is not shown, and the person is told."""
MAX_PORTFOLIOS = 25
"""Business portfolios looked into; as above."""
PORTFOLIO_EDGES = ("owned_pages", "client_pages")

_FULL = frozenset({"FULL_CONTROL", "MANAGE"})
_PREFIX = "PROFILE_PLUS_"
"""What tasks of New Pages begin with."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page and its token for us."""

    id: str
    name: str
    token: SecretStr
    lacks: tuple[str, ...] = ()
    """Tasks that the person's role on it does not have, in words; then it cannot be connected."""


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """A part of a list."""

    entries: tuple[T, ...]
    after: str = ""
    """The cursor of the next piece; empty where this is the last."""


def pages_url(base_url: str, edge: str, proof: SecretStr, after: str = "") -> str:
    """Return where pages are listed: at `me/accounts`, or at an edge of a portfolio."""
    return _list_url(base_url, edge, "id,name,access_token,tasks", proof, after)


def portfolios_url(base_url: str, proof: SecretStr, after: str = "") -> str:
    """Return where the person's business portfolios are listed."""
    return _list_url(base_url, "me/businesses", "id,name", proof, after)


def read_pages(status: int, body: bytes) -> Piece[ListedPage]:
    """Read pages; one without an id or a token of its own is left out. Raises FacebookRefused."""
    answer = read_graph(status, body)
    pages = (_page(as_object(each)) for each in as_list(answer.get("data")))
    return Piece(tuple(page for page in pages if page is not None), _cursor(answer))


def read_portfolios(status: int, body: bytes) -> Piece[str]:
    """Read the ids of portfolios. Raises FacebookRefused."""
    answer = read_graph(status, body)
    ids = (as_id(as_object(each).get("id")) for each in as_list(answer.get("data")))
    return Piece(tuple(each for each in ids if is_page_id(each)), _cursor(answer))


def merged(pages: Iterable[ListedPage]) -> tuple[ListedPage, ...]:
    """Return each page once, as it was listed first, by name."""
    unique: dict[str, ListedPage] = {}
    for page in pages:
        unique.setdefault(page.id, page)
    return tuple(sorted(unique.values(), key=lambda page: (page.name.casefold(), page.id)))


def _page(told: dict[str, object]) -> ListedPage | None:
    page_id, token = as_id(told.get("id")), as_text(told.get("access_token"))
    if not is_page_id(page_id) or not token:
        return None
    tasks = [as_text(task).removeprefix(_PREFIX) for task in as_list(told.get("tasks"))]
    return ListedPage(page_id, as_text(told.get("name")) or page_id, SecretStr(token), _lacking(tasks))


def _lacking(tasks: list[str]) -> tuple[str, ...]:
    """Name what a role lacks; where no tasks are told, whether they suffice shows when the page is connected."""
    if not tasks or not _FULL.isdisjoint(tasks):
        return ()
    lacking = []
    if "MESSAGING" not in tasks:
        lacking.append("messages")
    if {"MODERATE", "CREATE_CONTENT"}.isdisjoint(tasks):
        lacking.append("community activity or content")
    return tuple(lacking)


def _cursor(answer: dict[str, object]) -> str:
    paging = as_object(answer.get("paging"))
    return as_text(as_object(paging.get("cursors")).get("after")) if paging.get("next") else ""


def _list_url(base_url: str, edge: str, fields: str, proof: SecretStr, after: str) -> str:
    query = {"fields": fields, "limit": str(PIECE), "appsecret_proof": proof.get_secret_value()}
    return graph_url(base_url, edge, **query, **({"after": after} if after else {}))
