"""Asks Meta for the people who log in; fits `engine.facebook_login.LoginGraph`. What is asked: `core.connecting`.

The session of the code's exchange is the one of all other calls: it is a POST, which aiohttp sends once.
"""

import aiohttp
from pydantic import SecretStr

from relay.adapters.graph_client import TIMEOUT, GraphClient
from relay.core.connecting.dialog import LoginApp
from relay.core.connecting.listing import (
    ListedPage,
    Piece,
    pages_url,
    portfolios_url,
    read_pages,
    read_portfolios,
)
from relay.core.connecting.permissions import read_granted
from relay.core.connecting.tokens import FORM, PersonToken, code_form, prolonging_form, read_token, token_url
from relay.core.errors import FacebookUnreachable
from relay.core.graph_calls import graph_url
from shared.exchange import NoAnswer, NotSent, post
from shared.graph import GRAPH_URL


class GraphLogin:
    """Meta's Graph API, as far as a login needs it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        graph: GraphClient,
        app: LoginApp,
        *,
        app_secret: SecretStr,
        base_url: str = GRAPH_URL,
    ) -> None:
        self._session = session
        self._graph = graph
        self._app = app
        self._app_secret = app_secret
        self._base_url = base_url

    async def redeem(self, code: str) -> PersonToken:
        """See `engine.facebook_login.LoginGraph.redeem`."""
        return await self._token(code_form(self._app, self._app_secret, code))

    async def prolong(self, token: SecretStr) -> PersonToken:
        """See `engine.facebook_login.LoginGraph.prolong`."""
        return await self._token(prolonging_form(self._app, self._app_secret, token))

    async def person(self, token: SecretStr) -> str:
        """See `engine.facebook_login.LoginGraph.person`."""
        return (await self._graph.owner_of(token)).id

    async def granted(self, token: SecretStr) -> frozenset[str]:
        """See `engine.facebook_login.LoginGraph.granted`."""
        proof = self._graph.proof_of(token).get_secret_value()
        url = graph_url(self._base_url, "me/permissions", appsecret_proof=proof)
        return read_granted(*await self._graph.call("GET", url, token))

    async def pages(self, edge: str, token: SecretStr, after: str) -> Piece[ListedPage]:
        """See `engine.facebook_login.LoginGraph.pages`."""
        url = pages_url(self._base_url, edge, self._graph.proof_of(token), after)
        return read_pages(*await self._graph.call("GET", url, token))

    async def portfolios(self, token: SecretStr, after: str) -> Piece[str]:
        """See `engine.facebook_login.LoginGraph.portfolios`."""
        url = portfolios_url(self._base_url, self._graph.proof_of(token), after)
        return read_portfolios(*await self._graph.call("GET", url, token))

    async def _token(self, form: bytes) -> PersonToken:
        try:
            answer = await post(
                self._session, token_url(self._base_url), form, headers={"Content-Type": FORM}, timeout=TIMEOUT
            )
        except (NotSent, NoAnswer) as trouble:
            raise FacebookUnreachable(f"Facebook could not be reached ({trouble}); try again") from None
        return read_token(*answer)
