"""From the code in a login's answer to a token that lasts: what is asked of Meta, and what the answers mean.

A page's token lives as long as the person's token it was got with: so the short one is exchanged first.
https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow,
https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived

The rule: asked by POST, in a form. Meta's own examples use GET; its token address takes the form that OAuth demands
(RFC 6749, section 3.2; https://requests-oauthlib.readthedocs.io/en/latest/examples/facebook.html logs in this way).
Thus neither the app's secret nor the code stands in an address, and no HTTP client repeats it by itself: a code is
good once.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import SecretStr

from relay.core.connecting.dialog import LoginApp
from relay.core.errors import FacebookRefused
from relay.core.graph_calls import graph_url, read_graph
from shared.lenient import as_int, as_text

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class PersonToken:
    """The token of a person who logged in."""

    token: SecretStr
    lasts: bool
    """Whether it never ends by itself, as that of a business' system user: such a one cannot be exchanged."""


def token_url(base_url: str) -> str:
    """Return where tokens are given."""
    return graph_url(base_url, "oauth/access_token")


def code_form(app: LoginApp, secret: SecretStr, code: str) -> bytes:
    """Return the form that exchanges a code."""
    return _form(app, secret, redirect_uri=app.callback_url, code=code)


def prolonging_form(app: LoginApp, secret: SecretStr, token: SecretStr) -> bytes:
    """Return the form that exchanges a person's token for one of about 60 days."""
    return _form(app, secret, grant_type="fb_exchange_token", fb_exchange_token=token.get_secret_value())


def read_token(status: int, body: bytes) -> PersonToken:
    """Read the answer to either form. Raises FacebookRefused."""
    answer = read_graph(status, body)
    token = as_text(answer.get("access_token"))
    if not token:
        raise FacebookRefused(f"Facebook's answer (status {status}) holds no token")
    return PersonToken(SecretStr(token), lasts=not as_int(answer.get("expires_in")))


def _form(app: LoginApp, secret: SecretStr, **fields: str) -> bytes:
    return urlencode({"client_id": app.id, "client_secret": secret.get_secret_value(), **fields}).encode()
