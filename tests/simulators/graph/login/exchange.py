"""`/oauth/access_token`: a code for a token, a short-lived token for a long-lived one, the app's own token.

https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow; the words of the refusals are
those that developers report, their codes too.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.app import App
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.login.codes import Codes
from tests.simulators.graph.tokens import LONG_LIFE_S, NEVER, SHORT_LIFE_S, Kind, Token, Tokens

KNOWN_PARAMETERS = frozenset(
    {"client_id", "client_secret", "code", "fb_exchange_token", "grant_type", "redirect_uri", "scope"}
)


class CodeExchange:
    """Gives tokens to one app."""

    def __init__(self, app: App, tokens: Tokens, codes: Codes) -> None:
        self.short_life_s = SHORT_LIFE_S
        self.long_life_s = LONG_LIFE_S
        self._app = app
        self._tokens = tokens
        self._codes = codes

    def exchange(self, params: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Give a token. Raises GraphError 1, 100, 101, 190, 191."""
        self._check_app(params)
        grant = str(params.get("grant_type") or "authorization_code")
        if grant == "client_credentials":
            return {"access_token": self._app.token, "token_type": "bearer"}
        if grant == "fb_exchange_token":
            return _written(self._prolong(str(params.get("fb_exchange_token") or "")), now)
        if grant == "authorization_code":
            return _written(self._redeem(params, now), now)
        raise errors.bad_parameter(f"Unsupported grant_type {grant}")

    def _check_app(self, params: Mapping[str, Any]) -> None:
        if params.get("client_id") != self._app.id:
            raise GraphError(
                "Error validating application. Cannot get application info due to a system error.", code=101
            )
        offered = str(params.get("client_secret") or "")
        if not hmac.compare_digest(offered.encode(errors="replace"), self._app.secret.encode()):
            raise GraphError("Error validating client secret.", code=1, status=400)

    def _redeem(self, params: Mapping[str, Any], now: float) -> Token:
        if not params.get("redirect_uri"):
            raise GraphError("Missing redirect_uri parameter.", code=191)
        if not params.get("code"):
            raise errors.missing_parameter("code")
        code = self._codes.redeem(str(params["code"]), str(params["redirect_uri"]), now)
        return self._tokens.issue_user(
            code.admin, long_lived=False, life_s=self.short_life_s, system_user=code.system_user
        )

    def _prolong(self, value: str) -> Token:
        if not value:
            raise errors.missing_parameter("fb_exchange_token")
        token = self._tokens.living(value)
        if token.kind is Kind.SYSTEM_USER:
            return token
        if token.kind is not Kind.USER or token.admin is None:
            raise errors.bad_parameter("Param fb_exchange_token must be a user access token")
        return self._tokens.issue_user(token.admin, long_lived=True, life_s=self.long_life_s)


def _written(token: Token, now: float) -> dict[str, Any]:
    written: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
    return written if token.expires_at == NEVER else written | {"expires_in": int(token.expires_at - now)}
