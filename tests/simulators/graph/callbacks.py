"""Posts the callbacks that are no webhooks: a person removed the app, a person wants their data gone.

https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback. Where they go
stands in the app's dashboard (`App.deauthorize_url`, `App.data_deletion_url`). They are sent once.
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.clock import Clock
from tests.simulators.graph.app import App
from tests.simulators.graph.http_sender import DeliveryResult, HttpSender
from tests.simulators.graph.signed_request import Flaw, signed_request


class Callbacks:
    """Sends for one app."""

    def __init__(self, app: App, http: HttpSender, *, clock: Clock) -> None:
        self._app = app
        self._http = http
        self._clock = clock

    def sign(
        self, user_id: str, *, flaw: Flaw | None = None, padded: bool = False, more: Mapping[str, Any] | None = None
    ) -> str:
        """Write a signed request about a person; `more` is told beside what Meta always tells."""
        payload = {"issued_at": int(self._clock()), "user_id": user_id, **(more or {})}
        return signed_request(payload, app_secret=self._app.secret, flaw=flaw, padded=padded)

    async def deauthorize(
        self, user_id: str, *, flaw: Flaw | None = None, padded: bool = False, more: Mapping[str, Any] | None = None
    ) -> DeliveryResult:
        """Tell that a person removed the app; tokens are not touched (`GraphSimulator.fate.removes_app` does both)."""
        return await self._post(self._app.deauthorize_url, self.sign(user_id, flaw=flaw, padded=padded, more=more))

    async def data_deletion(
        self, user_id: str, *, flaw: Flaw | None = None, padded: bool = False, more: Mapping[str, Any] | None = None
    ) -> DeliveryResult:
        """Ask for a person's data to be deleted; `deletion_answer` reads the result."""
        return await self._post(self._app.data_deletion_url, self.sign(user_id, flaw=flaw, padded=padded, more=more))

    async def _post(self, url: str, signed: str) -> DeliveryResult:
        if not url:
            raise RuntimeError("the dashboard has no such callback: set app.deauthorize_url or app.data_deletion_url")
        return await self._http.post_form(url, {"signed_request": signed})


def deletion_answer(result: DeliveryResult) -> tuple[str, str]:
    """Return the status page's address and the confirmation code. Raises ValueError for what Meta would not take."""
    try:
        told = json.loads(result.body)
        url, code = told["url"], told["confirmation_code"]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"the answer to a data deletion is not Meta's form: {type(error).__name__}") from None
    if not (result.accepted and isinstance(url, str) and isinstance(code, str) and code):
        raise ValueError("the answer to a data deletion needs status 200, an address and a code")
    return url, code
