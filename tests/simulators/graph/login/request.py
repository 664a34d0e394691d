"""What a site asks of the login dialog, and whether Meta would show it. Pure.

https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow. A wrong request never leads
back to the site: Meta shows a page of its own, since the address to go back to may be an attacker's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.simulators.graph.admins import PERMISSIONS
from tests.simulators.graph.app import App

REREQUEST = "rerequest"
KNOWN_PARAMETERS = frozenset(
    {
        "auth_nonce",
        "auth_type",
        "client_id",
        "config_id",
        "display",
        "override_default_response_type",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    }
)


class DialogRefused(Exception):
    """The dialog is not shown; the person reads a title and a sentence instead."""

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__(f"{title}: {sentence}")
        self.title, self.sentence = title, sentence


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A request that is in order."""

    redirect_uri: str
    state: str
    permissions: tuple[str, ...]
    config_id: str = ""
    rerequest: bool = False
    system_user: bool = False

    @property
    def all_or_none(self) -> bool:
        """Whether single permissions cannot be declined: so it is with Facebook Login for Business."""
        return bool(self.config_id)

    def granted(self, code: str) -> str:
        """Write the address that a person goes back to with a code."""
        return self._back({"code": code})

    def denied(self) -> str:
        """Write the address that a person goes back to who cancelled."""
        return self._back(
            {
                "error": "access_denied",
                "error_code": "200",
                "error_description": "Permissions error",
                "error_reason": "user_denied",
            }
        )

    def _back(self, told: Mapping[str, str]) -> str:
        joint = "&" if "?" in self.redirect_uri else "?"
        told = {**told, **({"state": self.state} if self.state else {})}
        return f"{self.redirect_uri}{joint}{urlencode(told)}#_=_"


def read_login_request(params: Mapping[str, Any], app: App, *, require_state: bool) -> LoginRequest:
    """Check what a site asks for. Raises DialogRefused."""
    if params.get("client_id") != app.id:
        raise DialogRefused("Error", "Invalid App ID: The provided app ID does not look like a valid app ID.")
    redirect_uri = str(params.get("redirect_uri") or "")
    if redirect_uri not in app.redirect_uris:
        raise DialogRefused(
            "URL Blocked",
            "This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings."
            " Make sure that the client and web OAuth logins are on and add all your app domains as valid OAuth"
            " redirect URIs.",
        )
    if params.get("response_type", "code") != "code":
        raise DialogRefused("Error", "Invalid response_type: only the code flow is switched on for this app.")
    if require_state and not params.get("state"):
        raise DialogRefused("Error", "Missing state: every login needs one, lest another's answer be taken for it.")
    config_id = str(params.get("config_id") or "")
    permissions, system_user = _asked(params, app, config_id)
    rerequest = params.get("auth_type") == REREQUEST
    return LoginRequest(redirect_uri, str(params.get("state") or ""), permissions, config_id, rerequest, system_user)


def _asked(params: Mapping[str, Any], app: App, config_id: str) -> tuple[tuple[str, ...], bool]:
    """Return the permissions that are asked for, and whether a system user's token is."""
    if config_id:
        configuration = app.configurations.get(config_id)
        if configuration is None:
            raise DialogRefused("Error", f"Invalid config_id: {config_id} is no configuration of this app.")
        return configuration.permissions, configuration.system_user
    scopes = tuple(part for part in str(params.get("scope") or "").replace(" ", ",").split(",") if part)
    unknown = [scope for scope in scopes if scope not in PERMISSIONS]
    if unknown:
        raise DialogRefused(
            "Error",
            f"Invalid Scopes: {', '.join(unknown)}. This message is only shown to developers. Users of your app will"
            " ignore these permissions if present.",
        )
    return scopes, False
