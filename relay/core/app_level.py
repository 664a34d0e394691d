"""The Facebook app itself, apart from any page: what is asked of Meta about it, with the app's own token. No I/O.

A field of a page comes only if the app is subscribed to it as well; that subscription also names the address to which
Meta posts. https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from relay.core.graph_calls import graph_url
from relay.core.page import FIELDS
from relay.core.webhook import WEBHOOK_PATH
from shared.lenient import JsonObject, as_list, as_object, as_text

OBJECT = "page"


@dataclass(frozen=True, slots=True)
class AppSubscription:
    """What the app listens to for pages, and where."""

    callback_url: str
    active: bool
    fields: Sequence[str]

    @property
    def missing(self) -> Sequence[str]:
        """Return the fields that this relay wants and does not get."""
        return [field for field in FIELDS if field not in self.fields]


def app_token(app_id: str, secret: SecretStr) -> SecretStr:
    """Return the token by which an app speaks for itself.

    https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens
    """
    return SecretStr(f"{app_id}|{secret.get_secret_value()}")


def callback_url(public_url: str) -> str:
    """Return where Meta is to post."""
    return public_url.rstrip("/") + WEBHOOK_PATH


def app_url(base_url: str, app_id: str) -> str:
    """Return where an app tells of itself."""
    return graph_url(base_url, quote(app_id, safe=""), fields="id,name")


def app_subscriptions_url(base_url: str, app_id: str) -> str:
    """Return where the app's subscriptions are read and written."""
    return graph_url(base_url, f"{quote(app_id, safe='')}/subscriptions")


def app_subscription_body(callback: str, verify_token: SecretStr, *, kept: Collection[str] = ()) -> bytes:
    """Return the body that subscribes the app to FIELDS, and to the fields that are there and shall stay."""
    fields = [*FIELDS, *(field for field in kept if field not in FIELDS)]
    return json.dumps(
        {
            "object": OBJECT,
            "callback_url": callback,
            "verify_token": verify_token.get_secret_value(),
            "fields": ",".join(fields),
            "include_values": "true",
        }
    ).encode()


def subscription_of(answer: JsonObject) -> AppSubscription | None:
    """Read what the app is subscribed to for pages; None where it is not. Total."""
    for each in map(as_object, as_list(answer.get("data"))):
        if each.get("object") == OBJECT:
            fields = [_name(field) for field in as_list(each.get("fields"))]
            return AppSubscription(as_text(each.get("callback_url")), each.get("active") is not False, fields)
    return None


def _name(field: object) -> str:
    """Read a field; a version stands beside its name."""
    return as_text(as_object(field).get("name")) or as_text(field)
