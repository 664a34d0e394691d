"""Asks Meta whether a page is subscribed and whether its token lives. What an answer means: `relay.core.audit`.

Not `adapters.graph_client`: an operator's command ends with an exception that says why, an audit with a finding.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import aiohttp
from pydantic import SecretStr

from relay.adapters.graph_client import TIMEOUT
from relay.core.audit import Audit, read_subscription, read_success, read_token, unreachable
from relay.core.page import ConnectedPage, debug_token_url, subscription_body, subscriptions_url
from shared.exchange import NoAnswer, NotSent, exchange
from shared.graph import GRAPH_URL, appsecret_proof
from shared.graph_usage import NO_USAGE, Usage, read_usage

Read = Callable[[int, bytes], Audit]


class GraphAudits:
    """Meta's Graph API, as far as audits need it; fits `engine.watchdog.AuditGraph`."""

    def __init__(
        self, session: aiohttp.ClientSession, *, app_id: str, app_secret: SecretStr, base_url: str = GRAPH_URL
    ) -> None:
        self._session = session
        self._app_id = app_id
        self._app_secret = app_secret
        self._base_url = base_url

    async def subscription(self, page: ConnectedPage) -> Audit:
        """See `engine.watchdog.AuditGraph.subscription`."""
        return await self._ask("GET", self._subscriptions_url(page), page.token, self._read_subscription)

    async def subscribe(self, page: ConnectedPage) -> Audit:
        """See `engine.watchdog.AuditGraph.subscribe`."""
        return await self._ask("POST", self._subscriptions_url(page), page.token, read_success, subscription_body())

    async def token(self, page: ConnectedPage) -> Audit:
        """See `engine.watchdog.AuditGraph.token`."""
        app_token = SecretStr(f"{self._app_id}|{self._app_secret.get_secret_value()}")
        return await self._ask("GET", debug_token_url(self._base_url, page.token), app_token, read_token)

    @property
    def _read_subscription(self) -> Read:
        return partial(read_subscription, app_id=self._app_id)

    def _subscriptions_url(self, page: ConnectedPage) -> str:
        return subscriptions_url(self._base_url, page.page_id, appsecret_proof(page.token, self._app_secret))

    async def _ask(self, method: str, url: str, token: SecretStr, read: Read, body: bytes | None = None) -> Audit:
        usage: list[Usage] = []
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        try:
            answer = await exchange(
                self._session,
                method,
                url,
                body,
                headers=headers,
                timeout=TIMEOUT,
                heed=lambda told: usage.append(read_usage(told)),
            )
        except (NotSent, NoAnswer) as trouble:
            return unreachable(f"Facebook could not be reached ({trouble}).")
        return replace(read(*answer), usage=usage[0] if usage else NO_USAGE)
