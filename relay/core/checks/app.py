"""Judges what Facebook says about the app: does it know the app's secret, and does the app listen, where it should.

Total: any answer gives a line. What Facebook's errors mean is in `shared.graph`'s tables.
"""

from relay.core.app_level import AppSubscription, callback_url, subscription_of
from relay.core.graph_calls import is_done
from relay.core.page import FIELDS
from shared.checks import Check, failed, passed
from shared.graph import GraphError, GraphTrouble, decode_error, diagnose
from shared.lenient import JsonObject, as_id, as_text, decode_object

CREDENTIALS = "app credentials"
SUBSCRIPTION = "webhook subscription"

COMPARE = (
    "compare RELAY_FACEBOOK_APP_ID and RELAY_FACEBOOK_APP_SECRET with Meta's dashboard, App settings → Basic; a secret"
    " that was reset there is another one"
)
FIX = "run `relay check --fix`, or enter it in Meta's dashboard, Messenger → Webhooks"
WAIT = "try again in some minutes; Meta's status page is https://metastatus.com"
WAY_OUT = (
    "let this machine resolve names and connect to Facebook by https (port 443); the address is RELAY_GRAPH_URL, which"
    " only tests set"
)
DASHBOARD = "look at the app's alerts and its status in Meta's dashboard"

_WRONG_APP_CODES = frozenset({101, 190})
"""101: "Error validating application", for an id that no app has.
https://developers.facebook.com/docs/graph-api/guides/error-handling"""
_PASSING = frozenset({GraphTrouble.THROTTLED, GraphTrouble.TEMPORARY})


def judge_app(status: int, body: bytes, *, app_id: str) -> Check:
    """Say whether Facebook knows the app by its id and secret."""
    if error := decode_error(body):
        return failed(CREDENTIALS, f"Facebook refuses the app's id and secret: {_quoted(error)}", _remedy(error))
    answer = _object(body)
    if as_id(answer.get("id")) != app_id:
        return failed(CREDENTIALS, f"what answers (status {status}) is not Facebook", WAY_OUT)
    return passed(CREDENTIALS, f"Facebook knows the app {as_text(answer.get('name')) or app_id}")


def judge_subscription(status: int, body: bytes, *, public_url: str) -> Check:
    """Say whether Facebook posts to this relay, and everything it wants."""
    if error := decode_error(body):
        return failed(SUBSCRIPTION, f"Facebook does not tell: {_quoted(error)}", _remedy(error))
    answer = _object(body)
    if "data" not in answer:
        return failed(SUBSCRIPTION, f"what answers (status {status}) is not Facebook", WAY_OUT)
    found = subscription_of(answer)
    if found is None:
        return failed(SUBSCRIPTION, "the app is not subscribed to pages: Facebook posts nothing", FIX)
    return _judge_found(found, callback_url(public_url))


def read_subscription(body: bytes) -> AppSubscription | None:
    """Return what is subscribed now, as far as the answer tells."""
    return subscription_of(_object(body))


def judge_fix(status: int, body: bytes, *, before: AppSubscription | None, callback: str) -> Check:
    """Say what `--fix` changed, or why it could not."""
    if error := decode_error(body):
        return failed("fix", f"Facebook refuses the subscription: {_quoted(error)}", _remedy_of_fix(error))
    if not is_done(_object(body)):
        return failed("fix", f"Facebook's answer (status {status}) does not say that it was done", WAIT)
    return passed("fix", f"subscribed the app: {_change(before, callback)}")


def _judge_found(found: AppSubscription, wanted: str) -> Check:
    problems = []
    if found.callback_url != wanted:
        problems.append(f"Facebook posts to {found.callback_url or 'no address'}, not to {wanted}")
    if not found.active:
        problems.append("it is not active")
    if found.missing:
        problems.append(f"fields are missing: {', '.join(found.missing)}")
    if problems:
        return failed(SUBSCRIPTION, "; ".join(problems), FIX)
    return passed(SUBSCRIPTION, f"Facebook posts {len(FIELDS)} fields to {wanted}")


def _change(before: AppSubscription | None, callback: str) -> str:
    if before is None:
        return f"Facebook posts {len(FIELDS)} fields to {callback} now, and posted nothing before"
    address = f"callback {callback}"
    if before.callback_url != callback:
        address += f" (was {before.callback_url})"
    added = f"added {', '.join(before.missing)}" if before.missing else "no field was missing"
    return f"{address}; {added}"


def _quoted(error: GraphError) -> str:
    subcode = "" if error.subcode is None else f"/{error.subcode}"
    return f"{error.message or 'it says no more'} (error {error.code}{subcode})"


def _remedy(error: GraphError) -> str:
    if error.code in _WRONG_APP_CODES:
        return COMPARE
    return WAIT if diagnose(error).trouble in _PASSING else DASHBOARD


def _remedy_of_fix(error: GraphError) -> str:
    """Say what to do after a refusal; Facebook asks the callback at once, and says 2200 where it did not like it."""
    if error.code == 2200:  # noqa: PLR2004  Meta's
        return "see the line about the public address: Facebook has to get this relay's answer there"
    return _remedy(error)


def _object(body: bytes) -> JsonObject:
    try:
        return decode_object(body)
    except ValueError:
        return {}
