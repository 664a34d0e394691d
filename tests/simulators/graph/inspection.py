"""`GET /debug_token`: the truth about a token, alive or dead. Asked with the app's own token.

https://developers.facebook.com/docs/graph-api/reference/debug_token
"""

from typing import Any

from tests.simulators.graph import errors
from tests.simulators.graph.admins import PERMISSIONS, Admin
from tests.simulators.graph.app import App
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.tokens import Kind, Token, Tokens

KNOWN_PARAMETERS = frozenset({"input_token", "fields"})
PAGE_SCOPES = "pages_"
"""What permissions that are granted page by page begin with."""


class Inspection:
    """Answers for one app."""

    def __init__(self, app: App, tokens: Tokens) -> None:
        self.app_id_as_number = False
        """Meta's samples have both."""
        self._app = app
        self._tokens = tokens

    def inspect(self, input_token: str, asked_by: Token, now: float) -> dict[str, Any]:
        """Tell of a token. Raises GraphError 100."""
        if asked_by.kind is not Kind.APP:
            raise errors.bad_parameter(
                "You must provide an app access token, or a user access token that is an owner or developer of the app"
            )
        if not input_token:
            raise errors.missing_parameter("input_token")
        token = self._tokens.find(input_token)
        if token is None:
            return {"data": {"error": _error(errors.unknown_token()), "is_valid": False, "scopes": []}}
        return {"data": self._known(token, now)}

    def _known(self, token: Token, now: float) -> dict[str, Any]:
        refusal = token.refusal(now)
        told: dict[str, Any] = {
            "app_id": int(self._app.id) if self.app_id_as_number else self._app.id,
            "type": token.kind.value,
            "application": self._app.name,
            "is_valid": refusal is None,
        }
        if token.kind is Kind.APP:
            return told
        told |= _times(token) | {"scopes": _scopes(token), "granular_scopes": _granular(token)}
        if token.page_id:
            told["profile_id"] = token.page_id
        if token.admin is not None:
            told["user_id"] = token.admin.id
        return told if refusal is None else told | {"error": _error(refusal)}


def _times(token: Token) -> dict[str, int]:
    return {
        "issued_at": int(token.issued_at),
        "expires_at": int(token.expires_at),
        "data_access_expires_at": int(token.data_access_expires_at),
    }


def _scopes(token: Token) -> list[str]:
    return list(PERMISSIONS) if token.admin is None else token.admin.scopes


def _granular(token: Token) -> list[dict[str, Any]]:
    if token.admin is None:
        return []
    return [_granted(scope, token.admin) for scope in token.admin.scopes if scope.startswith(PAGE_SCOPES)]


def _granted(scope: str, admin: Admin) -> dict[str, Any]:
    """Name the pages of a permission; without names it holds for all."""
    return {"scope": scope} | ({} if admin.ticked is None else {"target_ids": sorted(admin.ticked)})


def _error(error: GraphError) -> dict[str, Any]:
    told = {"code": error.code, "message": error.message}
    return told if error.subcode is None else told | {"subcode": error.subcode}
