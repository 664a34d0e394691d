"""What Facebook's answers about the app are worth."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.app_level import AppSubscription
from relay.core.checks import app
from relay.core.page import FIELDS
from shared.checks import Outcome

PUBLIC = "https://relay.example"
CALLBACK = f"{PUBLIC}/facebook/webhook"


def error(code: int, message: str = "words", **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, "code": code} | more}).encode()


def listing(**changes: Any) -> bytes:
    fields = [{"name": name, "version": "v26.0"} for name in FIELDS]
    page = {"object": "page", "callback_url": CALLBACK, "active": True, "fields": fields} | changes
    return json.dumps({"data": [{"object": "user", "fields": []}, page]}).encode()


@pytest.mark.parametrize(
    ("body", "outcome", "remedy"),
    [
        pytest.param(b'{"id":"138","name":"Relay"}', Outcome.PASSED, "", id="known"),
        pytest.param(b'{"id":138}', Outcome.PASSED, "", id="id as a number"),
        pytest.param(error(190), Outcome.FAILED, app.COMPARE, id="another secret"),
        pytest.param(error(101), Outcome.FAILED, app.COMPARE, id="no such app"),
        pytest.param(error(4, is_transient=True), Outcome.FAILED, app.WAIT, id="throttled"),
        pytest.param(error(2), Outcome.FAILED, app.WAIT, id="temporary"),
        pytest.param(error(200), Outcome.FAILED, app.DASHBOARD, id="not allowed"),
        pytest.param(b"<html>", Outcome.FAILED, app.WAY_OUT, id="a page of somebody else's"),
        pytest.param(b'{"id":"139"}', Outcome.FAILED, app.WAY_OUT, id="another app"),
    ],
)
def test_credentials(body: bytes, outcome: Outcome, remedy: str) -> None:
    line = app.judge_app(200, body, app_id="138")

    assert (line.outcome, line.remedy) == (outcome, remedy)


@pytest.mark.parametrize(
    ("body", "outcome", "words", "remedy"),
    [
        pytest.param(listing(), Outcome.PASSED, CALLBACK, "", id="as it should be"),
        pytest.param(listing(fields=list(FIELDS)), Outcome.PASSED, CALLBACK, "", id="fields as texts"),
        pytest.param(listing(fields=[*FIELDS, "feed"]), Outcome.PASSED, CALLBACK, "", id="a field more"),
        pytest.param(b'{"data":[]}', Outcome.FAILED, "posts nothing", app.FIX, id="none"),
        pytest.param(listing(active=False), Outcome.FAILED, "it is not active", app.FIX, id="not active"),
        pytest.param(
            listing(fields=FIELDS[2:]),
            Outcome.FAILED,
            "fields are missing: messages, message_echoes",
            app.FIX,
            id="fields missing",
        ),
        pytest.param(
            listing(callback_url="https://old.example/"),
            Outcome.FAILED,
            f"Facebook posts to https://old.example/, not to {CALLBACK}",
            app.FIX,
            id="another callback",
        ),
        pytest.param(error(4), Outcome.FAILED, "Facebook does not tell: words (error 4)", app.WAIT, id="throttled"),
        pytest.param(b"[]", Outcome.FAILED, "is not Facebook", app.WAY_OUT, id="somebody else"),
    ],
)
def test_the_subscription(body: bytes, outcome: Outcome, words: str, remedy: str) -> None:
    line = app.judge_subscription(200, body, public_url=PUBLIC + "/")

    assert (line.outcome, line.remedy) == (outcome, remedy)
    assert words in line.words


@pytest.mark.parametrize(
    ("body", "before", "outcome", "words"),
    [
        pytest.param(b'{"success":true}', None, Outcome.PASSED, "posted nothing before", id="new"),
        pytest.param(
            b'{"success":"true"}',
            AppSubscription(CALLBACK, active=True, fields=FIELDS[1:]),
            Outcome.PASSED,
            f"callback {CALLBACK}; added messages",
            id="fields added",
        ),
        pytest.param(
            b'{"success":true}',
            AppSubscription("https://old.example", active=True, fields=FIELDS),
            Outcome.PASSED,
            "(was https://old.example); no field was missing",
            id="another callback",
        ),
        pytest.param(error(2200, "no answer"), None, Outcome.FAILED, "no answer (error 2200)", id="not reached"),
        pytest.param(b"{}", None, Outcome.FAILED, "does not say that it was done", id="no word"),
    ],
)
def test_the_fix(body: bytes, before: AppSubscription | None, outcome: Outcome, words: str) -> None:
    line = app.judge_fix(200, body, before=before, callback=CALLBACK)

    assert line.outcome is outcome
    assert words in line.words


@given(st.integers(100, 599), st.binary() | st.from_type(dict).map(lambda _: b'{"data": 7, "id": []}'))
def test_any_answer_gives_a_line_with_a_remedy_where_it_failed(status: int, body: bytes) -> None:
    for line in (
        app.judge_app(status, body, app_id="138"),
        app.judge_subscription(status, body, public_url=PUBLIC),
        app.judge_fix(status, body, before=None, callback=CALLBACK),
    ):
        assert bool(line.remedy) is (line.outcome is Outcome.FAILED)
