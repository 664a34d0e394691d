"""Facebook's login dialog: where a browser is sent, and with what it comes back. Values only.

https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow (2026-03-10). In strict mode
the address to come back to must be registered byte for byte, so it is the same for every site: which login an answer
belongs to stands in `state` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from relay.core.connecting.permissions import SCOPES
from relay.core.connecting.ticket import is_ticket_shaped
from shared.graph import DIALOG_URL, GRAPH_VERSION

CALLBACK_PATH = "/facebook/callback"
_FACEBOOK = "facebook.com"


@dataclass(frozen=True, slots=True)
class LoginApp:
    """The app that people log in to."""

    id: str
    public_url: str
    """The relay's own address, without a path."""
    config_id: str = ""
    """A configuration of Facebook Login for Business; empty for the classic login."""
    dialog_url: str = DIALOG_URL

    @property
    def callback_url(self) -> str:
        """Where Facebook sends browsers back to; the code exchange must name it, byte for byte."""
        return self.public_url + CALLBACK_PATH

    @property
    def dialog_sources(self) -> str:
        """Return where the dialog may lead a browser on its way, as a Content-Security-Policy names it.

        Facebook sends to its other hosts for phones and for signing in, so all of them are meant.
        """
        parts = urlsplit(self.dialog_url)
        host = parts.hostname or ""
        return f"https://*.{_FACEBOOK}" if host.endswith(f".{_FACEBOOK}") else f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class LoginState:
    """What travels through Facebook and back: which session, and a secret that only this login knows."""

    session_id: str
    login: str

    def __str__(self) -> str:
        return f"{self.session_id}.{self.login}"


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """With what a browser came back."""

    state: LoginState
    code: str = ""
    """Empty where there is an error."""
    declined: bool = False
    """Whether the person said no; otherwise an answer without a code is Facebook's own trouble."""


def dialog_address(app: LoginApp, state: LoginState, *, again: bool) -> str:
    """Return where the browser goes. `again` has Facebook ask anew for what was declined before."""
    asked = {"config_id": app.config_id} if app.config_id else {"scope": ",".join(SCOPES)}
    if again:
        asked["auth_type"] = "rerequest"
    query = {"client_id": app.id, "redirect_uri": app.callback_url, "state": str(state), "response_type": "code"}
    return f"{app.dialog_url.rstrip('/')}/{GRAPH_VERSION}/dialog/oauth?{urlencode(query | asked)}"


def read_answer_of_dialog(query: Mapping[str, str]) -> LoginAnswer | None:
    """Read the query; None where it names no login. Total."""
    session_id, _, login = query.get("state", "").partition(".")
    if not (is_ticket_shaped(session_id) and is_ticket_shaped(login)):
        return None
    state, code = LoginState(session_id, login), query.get("code", "")
    if "error" in query or not code:
        return LoginAnswer(state, declined=query.get("error") == "access_denied")
    return LoginAnswer(state, code)
