"""Asks Facebook about the app, and subscribes it. What an answer means is judged in `core.checks.app`."""

import time

import aiohttp
from pydantic import SecretStr

from relay.adapters.graph_client import TIMEOUT, GraphClient
from relay.core.app_level import (
    app_subscription_body,
    app_subscriptions_url,
    app_token,
    app_url,
    callback_url,
)
from relay.core.checks.app import (
    COMPARE,
    CREDENTIALS,
    SUBSCRIPTION,
    judge_app,
    judge_fix,
    judge_subscription,
    read_subscription,
)
from relay.core.errors import FacebookRefused
from shared.checks import Check, Outcome, failed, skipped
from shared.clock import Clock
from shared.clock_check import ahead_of, judge_clock
from shared.exchange import NoAnswer, NotSent, exchange_full


class AppQuestions:
    """Speaks for one app, with its own token."""

    def __init__(
        self, http: aiohttp.ClientSession, *, app_id: str, secret: SecretStr, base_url: str, clock: Clock = time.time
    ) -> None:
        self._http = http
        self._graph = GraphClient(http, app_secret=secret, base_url=base_url)
        self._app_id = app_id
        self._token = app_token(app_id, secret)
        self._base_url = base_url
        self._subscriptions = app_subscriptions_url(base_url, app_id)
        self._clock = clock

    async def look(self, public_url: str) -> list[Check]:
        """Look at the credentials, and at the subscription. Raises FacebookUnreachable."""
        try:
            answer = await self._graph.call("GET", app_url(self._base_url, self._app_id), self._token)
        except FacebookRefused as error:  # before it was asked: no header can carry this secret
            return [failed(CREDENTIALS, str(error), COMPARE)]
        credentials = judge_app(*answer, app_id=self._app_id)
        if credentials.outcome is Outcome.FAILED:
            return [credentials, skipped(SUBSCRIPTION, f"told only to who is right about the {CREDENTIALS}")]
        if not public_url:
            return [credentials, skipped(SUBSCRIPTION, "its right address is not known without RELAY_PUBLIC_URL")]
        listed = await self._graph.call("GET", self._subscriptions, self._token)
        return [credentials, judge_subscription(*listed, public_url=public_url)]

    async def fix(self, public_url: str, verify_token: SecretStr) -> Check:
        """Subscribe the app to what this relay wants; what it is subscribed to beyond that stays.

        Raises FacebookRefused, FacebookUnreachable.
        """
        before = read_subscription((await self._graph.call("GET", self._subscriptions, self._token)).body)
        callback = callback_url(public_url)
        body = app_subscription_body(callback, verify_token, kept=before.fields if before else ())
        answer = await self._graph.call("POST", self._subscriptions, self._token, body)
        return judge_fix(*answer, before=before, callback=callback)

    async def look_at_clock(self) -> list[Check]:
        """Compare this machine's clock with that of any answer of Facebook's; needs no token."""
        try:
            answer = await exchange_full(self._http, "GET", app_url(self._base_url, self._app_id), timeout=TIMEOUT)
        except (NotSent, NoAnswer):
            return [judge_clock(None, whose="Facebook")]
        return [judge_clock(ahead_of(answer.headers.get("Date", ""), self._clock()), whose="Facebook's")]
