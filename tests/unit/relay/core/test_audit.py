"""What the answers to an audit mean: every error of Meta's tables about tokens and limits, and what is no answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.audit import (
    BACK_OFF_S,
    MOST_BACK_OFF_S,
    PLANS,
    SOON_S,
    Audit,
    Finding,
    read_subscription,
    read_success,
    read_token,
)
from relay.core.page import FIELDS
from shared.graph_usage import Usage

APP = "138"


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def apps(*each: Any) -> bytes:
    return body({"data": list(each)})


def ours(*fields: str, app_id: object = APP) -> dict[str, Any]:
    return {"id": app_id, "name": "Social Relay", "subscribed_fields": list(fields)}


def error(code: int, subcode: int | None = None) -> bytes:
    return body({"error": {"message": "no", "code": code} | ({} if subcode is None else {"error_subcode": subcode})})


def without(*fields: str) -> list[str]:
    return [field for field in FIELDS if field not in fields]


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        pytest.param(apps(ours(*FIELDS)), Finding.SUBSCRIBED, id="all there"),
        pytest.param(apps(ours(*FIELDS, app_id=138)), Finding.SUBSCRIBED, id="an id as a number"),
        pytest.param(apps(ours(*FIELDS, "feed")), Finding.SUBSCRIBED, id="more than we ask for"),
        pytest.param(apps(ours(app_id="99"), ours(*FIELDS)), Finding.SUBSCRIBED, id="beside another app"),
        pytest.param(apps(ours(*without("message_reads"))), Finding.FIELDS_MISSING, id="a receipt missing"),
        pytest.param(apps(ours(*without("messages"))), Finding.MESSAGES_MISSING, id="messages missing"),
        pytest.param(apps(ours(*without("message_echoes"))), Finding.MESSAGES_MISSING, id="echoes missing"),
        pytest.param(apps({"id": APP}), Finding.MESSAGES_MISSING, id="no fields at all"),
        pytest.param(apps(), Finding.UNSUBSCRIBED, id="nothing installed"),
        pytest.param(apps(ours(*FIELDS, app_id="99")), Finding.UNSUBSCRIBED, id="another app alone"),
        pytest.param(apps(17, None), Finding.UNSUBSCRIBED, id="no apps"),
        *(
            pytest.param(error(190, subcode), Finding.TOKEN_DEAD, id=f"190/{subcode}")
            for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 1)
        ),
        pytest.param(error(102), Finding.TOKEN_DEAD, id="102"),
        pytest.param(error(200), Finding.REFUSED, id="a permission missing"),
        pytest.param(error(100), Finding.REFUSED, id="a proof that does not fit"),
        pytest.param(error(100, 33), Finding.REFUSED, id="no such page"),
        pytest.param(error(999), Finding.REFUSED, id="a code of no table"),
        pytest.param(error(80001), Finding.THROTTLED, id="the page throttled"),
        pytest.param(error(32), Finding.THROTTLED, id="the page throttled, older"),
        pytest.param(error(4), Finding.APP_THROTTLED, id="the app throttled"),
        pytest.param(error(341), Finding.APP_THROTTLED, id="the app throttled, older"),
        pytest.param(error(2), Finding.TEMPORARY, id="trouble of Facebook's own"),
        pytest.param(b"<html>", Finding.TEMPORARY, id="no json"),
        pytest.param(body({"data": {}}), Finding.TEMPORARY, id="no list"),
        pytest.param(body({}), Finding.TEMPORARY, id="nothing"),
    ],
)
def test_an_answer_means_one_finding(answer: bytes, finding: Finding) -> None:
    assert read_subscription(200, answer, app_id=APP).finding is finding


@pytest.mark.parametrize(
    ("subcode", "words"),
    [
        (458, "The app was removed in the Facebook account"),
        (459, "sign in at facebook.com first"),
        (460, "The password of the Facebook account was changed"),
        (463, "The page's token has expired"),
        (464, "is not confirmed"),
        (467, "was revoked"),
        (492, "restore the role"),
        (None, "Facebook does not accept the page's token"),
    ],
)
def test_a_death_is_told_by_its_subcode_whoever_reports_it(subcode: int | None, words: str) -> None:
    told: dict[str, Any] = {"code": 190, "message": "x"} | ({} if subcode is None else {"subcode": subcode})
    inspected = read_token(200, body({"data": {"is_valid": False, "error": told}}))
    met = read_subscription(400, error(190, subcode), app_id=APP)

    assert inspected == met
    assert words in met.words
    assert (met.code, met.subcode) == (190, subcode)


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        pytest.param(body({"data": {"is_valid": True}}), Finding.SUBSCRIBED, id="alive"),
        pytest.param(body({"data": {"is_valid": False}}), Finding.TOKEN_DEAD, id="dead, without an error"),
        pytest.param(body({"data": {}}), Finding.TEMPORARY, id="says nothing"),
        pytest.param(error(4), Finding.APP_THROTTLED, id="throttled"),
    ],
)
def test_a_token_is_alive_dead_or_unknown(answer: bytes, finding: Finding) -> None:
    assert read_token(200, answer).finding is finding


def test_an_error_of_the_apps_own_token_kills_no_page() -> None:
    audit = read_token(400, error(190))

    assert audit.finding is Finding.REFUSED
    assert "RELAY_FACEBOOK_APP_ID" in audit.words


@pytest.mark.parametrize("told", [True, "true"])
def test_a_new_subscription_is_good_when_facebook_says_so(told: object) -> None:
    assert read_success(200, body({"success": told})).finding is Finding.SUBSCRIBED


@pytest.mark.parametrize("told", [False, None, "yes", 1, [], {}], ids=str)
def test_anything_else_is_no_success(told: object) -> None:
    assert read_success(200, body({"success": told})).finding is Finding.TEMPORARY


def test_every_finding_has_a_plan_and_only_answers_lead_to_something() -> None:
    assert set(PLANS) == set(Finding)
    assert not [finding for finding, plan in PLANS.items() if not plan.is_answer and (plan.subscribe or plan.gap)]
    assert not [finding for finding, plan in PLANS.items() if plan.gap and not plan.subscribe]


@pytest.mark.parametrize(
    ("audit", "again_in_s", "pause_s"),
    [
        pytest.param(Audit(Finding.SUBSCRIBED), None, 0, id="in its own minute"),
        pytest.param(Audit(Finding.TEMPORARY), SOON_S, 0, id="soon"),
        pytest.param(Audit(Finding.UNREACHABLE), SOON_S, 60, id="nobody else either"),
        pytest.param(Audit(Finding.THROTTLED, usage=Usage(0, 3600)), 3600, 0, id="as long as Facebook says"),
        pytest.param(Audit(Finding.THROTTLED, usage=Usage(0, 60)), BACK_OFF_S, 0, id="not sooner than we would"),
        pytest.param(Audit(Finding.THROTTLED, usage=Usage(0, 1e9)), MOST_BACK_OFF_S, 0, id="not for good"),
        pytest.param(Audit(Finding.SUBSCRIBED, usage=Usage(95, 0)), None, BACK_OFF_S, id="the app is nearly throttled"),
    ],
)
def test_limits_are_honoured(audit: Audit, again_in_s: float | None, pause_s: float) -> None:
    assert (audit.again_in_s, audit.pause_s) == (again_in_s, pause_s)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["data", "error", "code", "id"]) | st.text(), inner)
    ),
    max_leaves=10,
)


@given(st.binary() | JSON.map(body))
def test_reading_is_total(answer: bytes) -> None:
    for audit in (read_subscription(500, answer, app_id=APP), read_token(500, answer), read_success(500, answer)):
        assert isinstance(audit, Audit)
