"""Binding a page for which much waits: the relay moves that step by step, and a person sees how far it is."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from relay.cli.outbox_options import path_of
from relay.cli.outbox_steps import Interrupted
from shared.errors import UserError
from shared.names import is_page_id
from shared.progress import progress

if TYPE_CHECKING:
    from shared.api_client import ApiClient

TAKES_AT_MOST_S = 3600.0
"""Far above what the largest outbox takes."""
LOOK_EVERY_S = 0.5


class _Bind(threading.Thread):
    """The one request that binds, beside those that look."""

    def __init__(self, api: "ApiClient", page: str, body: dict[str, Any]) -> None:
        super().__init__(name="bind", daemon=True)
        self.bound: dict[str, Any] | None = None
        self.refused: UserError | None = None
        self._api = api
        self._path = f"/admin/v1/bindings/{quote(page, safe='')}"
        self._body = body

    def run(self) -> None:
        """Bind."""
        try:
            self.bound = self._api.put(self._path, self._body, timeout_s=TAKES_AT_MOST_S)
        except UserError as error:
            self.refused = error


def bind_and_watch(
    new_api: Callable[[], "ApiClient"], page: str, body: dict[str, Any], *, quiet: bool
) -> dict[str, Any]:
    """Bind a page as `body` says and return the relay's answer. Raises UserError, and Interrupted on Ctrl-C."""
    api = new_api()
    waiting = _waiting(api, page) if is_page_id(page) else 0
    bind = _Bind(new_api(), page, body)  # a client of its own, as one is not for two threads
    bind.start()
    try:
        with progress("moving what waited", total=waiting, hidden=quiet or not waiting) as advance:
            while bind.is_alive():
                bind.join(LOOK_EVERY_S)
                if waiting and bind.is_alive():
                    left = min(waiting, _waiting(api, page))
                    advance(waiting - left)
                    waiting = left
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; the relay goes on with it: `relay outbox show {page} --unclaimed` shows what is left"
        ) from None
    if bind.bound is None:
        raise bind.refused or UserError("the request ended without an answer")
    return bind.bound


def _waiting(api: "ApiClient", page: str) -> int:
    return int(api.get(path_of(page, unclaimed=True))["waiting"])
