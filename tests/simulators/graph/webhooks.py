"""The sending side of Meta's webhooks: signs a body, posts it, shakes hands. Sends when told to, retries when told to.

Meta repeats what was not answered with 200, for a while and on its own; here the caller says when: `retry` repeats all,
`retry_due` what is due by the clock. After an hour of failures the page loses its subscription (`delivery_watch`).
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from shared.clock import Clock
from tests.simulators.graph.app import Alert, App
from tests.simulators.graph.delivery_watch import DISABLED, DeliveryWatch
from tests.simulators.graph.http_sender import SUCCESS, DeliveryResult, HttpSender
from tests.simulators.graph.meta_json import sign
from tests.simulators.graph.world import World

RETRY_AFTER_S = (0, 0, 0, 30, 60, 120, 240, 480)
"""Waits before the retries; the last one is repeated. "A few immediate retries", then Meta's schedule is not known."""


@dataclass(frozen=True, slots=True)
class _Pending:
    body: bytes = field(repr=False)
    pages: frozenset[str]
    attempts: int = 0
    due_at: float = 0.0


class WebhookSender:
    """Posts to the callback address of one app."""

    def __init__(self, app: App, world: World, http: HttpSender, *, clock: Clock) -> None:
        self.watch = DeliveryWatch()
        self.lost: list[bytes] = []
        """Bodies that Meta gave up on when it disabled their page, oldest first."""
        self._app = app
        self._world = world
        self._http = http
        self._clock = clock
        self._pending: list[_Pending] = []

    @property
    def undelivered(self) -> list[bytes]:
        """Bodies that were not answered with 200, oldest first."""
        return [pending.body for pending in self._pending]

    async def post(self, body: bytes) -> DeliveryResult:
        """Sign and post a body; what fails is kept for a retry."""
        return await self._attempt(_Pending(body, _pages_of(body)))

    async def retry(self) -> list[DeliveryResult]:
        """Post once more what failed, in order; what fails again is kept again."""
        return await self._retry(self._pending)

    async def retry_due(self) -> list[DeliveryResult]:
        """Post once more what is due by now; the rest waits on."""
        now = self._clock()
        return await self._retry([pending for pending in self._pending if pending.due_at <= now])

    async def verify(self, url: str, verify_token: str) -> DeliveryResult:
        """Shake hands with an address. `accepted` only when the challenge came back verbatim."""
        challenge = str(secrets.randbelow(2**31))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        result = await self._http.get(url, query)
        if result.status == SUCCESS and result.body != challenge:
            return DeliveryResult(None, result.body, error="the answer is not the challenge")
        return result

    async def _retry(self, chosen: Iterable[_Pending]) -> list[DeliveryResult]:
        chosen = list(chosen)
        self._pending = [pending for pending in self._pending if pending not in chosen]
        return [await self._attempt(pending) for pending in chosen]

    async def _attempt(self, pending: _Pending) -> DeliveryResult:
        headers = {"Content-Type": "application/json", **sign(pending.body, app_secret=self._app.secret)}
        result = await self._http.post(self._target(), pending.body, headers)
        if result.accepted:
            self.watch.succeeded(pending.pages)
        else:
            self._keep(pending)
        return result

    def _keep(self, pending: _Pending) -> None:
        now = self._clock()
        wait_s = RETRY_AFTER_S[min(pending.attempts, len(RETRY_AFTER_S) - 1)]
        self._pending.append(replace(pending, attempts=pending.attempts + 1, due_at=now + wait_s))
        for consequence in self.watch.failed(pending.pages, now):
            self._app.alerts.append(Alert(now, consequence.page_id, consequence.title))
            if consequence.title == DISABLED:
                self._disable(consequence.page_id)

    def _disable(self, page_id: str) -> None:
        """Unsubscribe the app from a page; what waited for this page alone is lost."""
        if page_id in self._world.pages:
            self._world.pages[page_id].subscribed_fields = None
        self.lost += [pending.body for pending in self._pending if pending.pages == {page_id}]
        self._pending = [pending for pending in self._pending if pending.pages != {page_id}]

    def _target(self) -> str:
        if not self._app.callback_url:
            raise RuntimeError("set callback_url before anything is sent to it")
        return self._app.callback_url


def _pages_of(body: bytes) -> frozenset[str]:
    try:
        return frozenset(str(entry["id"]) for entry in json.loads(body)["entry"])
    except (ValueError, LookupError, TypeError):
        return frozenset()  # a test posts nonsense on purpose: it is no page's
