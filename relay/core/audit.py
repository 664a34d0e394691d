"""What an audit of a connected page finds, and what is to be done about it: a table. Values only; nothing is asked.

Meta unsubscribes an app from a page whose webhooks failed for an hour, and says so to nobody who would be listening; a
token dies without notice. So both are looked at, about every hour and every day, and mended or told.

    finding            subscribe   gap told   asked again
    subscribed                                in its own minute of the next hour (`core.audit_times`)
    fields missing     yes                    the same
    messages missing   yes         yes        the same
    unsubscribed       yes         yes        the same
    token dead                                the same; the death is told once
    refused                                   the same; shown to operators
    throttled                                 after a pause: this was no audit
    app throttled                             the same, and nobody else is asked meanwhile
    temporary                                 soon
    unreachable                               the same, and nobody else is asked meanwhile
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.core.graph_calls import is_done
from relay.core.page import FIELDS
from shared.graph import GraphError, GraphTrouble, decode_error, diagnose
from shared.graph_usage import NO_USAGE, Usage
from shared.lenient import as_id, as_int, as_list, as_object, as_text, decode_object

MESSAGES = frozenset({"messages", "message_echoes"})
"""Fields without which the site misses what was said, and can read it at Facebook afterwards."""

DEAD_CODES = frozenset({102, 190})
"""Errors that say: this token is not taken. https://developers.facebook.com/docs/graph-api/guides/error-handling"""
APP_WIDE_CODES = frozenset({4, 341})
"""Limits of the app as a whole: asking for another page would be refused as well, and prolong it."""

SOON_S = 300.0
BACK_OFF_S = 900.0
"""Where Facebook does not say itself for how long."""
NEARLY_FULL = 90
"""Percent of the app's limit from which audits wait: what is left is for messages."""
MOST_BACK_OFF_S = 6 * 3600.0
"""However long Facebook says: an audit that never comes again is none."""


class Finding(StrEnum):
    """What an audit found. The values are for programs."""

    SUBSCRIBED = "subscribed"
    FIELDS_MISSING = "fields_missing"
    """The app is there, without some field that is not a message."""
    MESSAGES_MISSING = "messages_missing"
    """The app is there, and is not sent what is said."""
    UNSUBSCRIBED = "unsubscribed"
    """The app is not there at all."""
    TOKEN_DEAD = "token_dead"  # noqa: S105  a finding, not a secret
    REFUSED = "refused"
    """Facebook says no for another reason, a permission for instance."""
    THROTTLED = "throttled"
    APP_THROTTLED = "app_throttled"
    TEMPORARY = "temporary"
    """Facebook has trouble of its own, or what it says cannot be read."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a finding leads to."""

    subscribe: bool = False
    gap: bool = False
    """Whether what was said since the last good audit may be missing."""
    is_answer: bool = True
    """Whether anything is known of the page now."""
    again_in_s: float | None = None
    """When to ask again; None: in the page's own minute."""
    pause_s: float = 0.0
    """For how long no page is asked at all."""


PLANS: Mapping[Finding, Plan] = {
    Finding.SUBSCRIBED: Plan(),
    Finding.FIELDS_MISSING: Plan(subscribe=True),
    Finding.MESSAGES_MISSING: Plan(subscribe=True, gap=True),
    Finding.UNSUBSCRIBED: Plan(subscribe=True, gap=True),
    Finding.TOKEN_DEAD: Plan(),
    Finding.REFUSED: Plan(),
    Finding.THROTTLED: Plan(is_answer=False, again_in_s=BACK_OFF_S),
    Finding.APP_THROTTLED: Plan(is_answer=False, again_in_s=BACK_OFF_S, pause_s=BACK_OFF_S),
    Finding.TEMPORARY: Plan(is_answer=False, again_in_s=SOON_S),
    Finding.UNREACHABLE: Plan(is_answer=False, again_in_s=SOON_S, pause_s=60.0),
}


@dataclass(frozen=True, slots=True)
class Audit:
    """A finding, and what belongs to it."""

    finding: Finding
    words: str = ""
    """What is wrong, and what mends it, for people; empty where nothing is."""
    code: int | None = None
    """Meta's error code, where there was an error."""
    subcode: int | None = None
    usage: Usage = NO_USAGE
    """What Facebook says of its limits."""

    @property
    def plan(self) -> Plan:
        """What it leads to."""
        return PLANS[self.finding]

    @property
    def again_in_s(self) -> float | None:
        """When to ask again; None: in the page's own minute."""
        if self.usage.regain_s:
            return min(max(self.usage.regain_s, self.plan.again_in_s or 0.0), MOST_BACK_OFF_S)
        return self.plan.again_in_s

    @property
    def pause_s(self) -> float:
        """For how long no page is asked at all."""
        return max(self.plan.pause_s, BACK_OFF_S if self.usage.app_percent >= NEARLY_FULL else 0.0)


def next_in_s(answers: Iterable[Audit]) -> float | None:
    """Return when to ask for a page again, after all that was asked of it; None: in the page's own minute.

    The longest pause that any answer asks for: one that is too short prolongs it.
    """
    return max((each.again_in_s for each in answers if each.again_in_s is not None), default=None)


def read_subscription(status: int, body: bytes, *, app_id: str) -> Audit:
    """Judge the answer to `GET /{page}/subscribed_apps`. Total.

    https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
    """
    answer = _read(status, body)
    if isinstance(answer, Audit):
        return answer
    apps = answer.get("data")
    if not isinstance(apps, list):
        return _unreadable(status)
    ours = [app for app in map(as_object, apps) if as_id(app.get("id")) == app_id]
    if not ours:
        return Audit(Finding.UNSUBSCRIBED, "Facebook had unsubscribed the app from the page.")
    missing = set(FIELDS) - {as_text(field) for app in ours for field in as_list(app.get("subscribed_fields"))}
    if not missing:
        return Audit(Finding.SUBSCRIBED)
    finding = Finding.MESSAGES_MISSING if missing & MESSAGES else Finding.FIELDS_MISSING
    return Audit(finding, f"Facebook did not send {', '.join(sorted(missing))} of the page.")


def read_success(status: int, body: bytes) -> Audit:
    """Judge the answer to a new subscription: SUBSCRIBED, or why not. Total."""
    answer = _read(status, body)
    if isinstance(answer, Audit):
        return answer
    return Audit(Finding.SUBSCRIBED) if is_done(answer) else _unreadable(status)


def read_token(status: int, body: bytes) -> Audit:
    """Judge the answer to `GET /debug_token`: SUBSCRIBED for a living token, or why not. Total.

    An error around the answer is about the app's own token, and says nothing of the page's.
    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    answer = _read(status, body)
    if isinstance(answer, Audit):
        if answer.finding is Finding.TOKEN_DEAD:
            words = "Facebook does not take the app's own token: check RELAY_FACEBOOK_APP_ID and …_APP_SECRET."
            return Audit(Finding.REFUSED, words, answer.code, answer.subcode)
        return answer
    told = as_object(answer.get("data"))
    if told.get("is_valid") is True:
        return Audit(Finding.SUBSCRIBED)
    if told.get("is_valid") is not False:
        return _unreadable(status)
    error = as_object(told.get("error"))
    return _dead(GraphError(as_int(error.get("code")) or 190, as_int(error.get("subcode"))))


def unreachable(words: str) -> Audit:
    """Return what it means that no answer came."""
    return Audit(Finding.UNREACHABLE, words)


def _read(status: int, body: bytes) -> dict[str, object] | Audit:
    """Read an answer that is no error, or judge the error."""
    if error := decode_error(body):
        return _judge(error)
    try:
        return decode_object(body)
    except ValueError:
        return _unreadable(status)


def _judge(error: GraphError) -> Audit:
    if error.code in DEAD_CODES:
        return _dead(error)
    told = diagnose(error)
    finding = _FINDINGS.get(told.trouble, Finding.REFUSED)
    if finding is Finding.THROTTLED and error.code in APP_WIDE_CODES:
        finding = Finding.APP_THROTTLED
    return Audit(finding, told.sentence, error.code, error.subcode)


_FINDINGS = {
    GraphTrouble.THROTTLED: Finding.THROTTLED,
    GraphTrouble.TEMPORARY: Finding.TEMPORARY,
    GraphTrouble.UNKNOWN_OUTCOME: Finding.TEMPORARY,
}


def _dead(error: GraphError) -> Audit:
    """Say it by the subcode; also where the person lost the role, as the token is refused all the same."""
    return Audit(Finding.TOKEN_DEAD, diagnose(error).sentence, error.code, error.subcode)


def _unreadable(status: int) -> Audit:
    return Audit(Finding.TEMPORARY, f"Facebook's answer (status {status}) cannot be read.")
