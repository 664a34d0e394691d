"""The Send API as values: what we ask, and what each answer means for the message."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from onsite.core.facebook.metadata import METADATA_PREFIX, correlation_in, metadata_for
from onsite.core.facebook.send import (
    RETRY_PAUSE_S,
    THROTTLE_PAUSE_S,
    decode_send_answer,
    messages_url,
    refusal_of_token,
    text_message_body,
)
from onsite.core.sending import Lost, Postponed, Refused, SendOutcome, Sent


def envelope(code: int, subcode: int | None = None, **more: object) -> bytes:
    return json.dumps({"error": {"message": "words", "code": code, "error_subcode": subcode, **more}}).encode()


def test_a_text_is_sent_as_a_response_with_our_own_id() -> None:
    body = json.loads(text_message_body(recipient="77", text="Grüße 😀", correlation="42"))

    assert body == {
        "recipient": {"id": "77"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Grüße 😀", "metadata": "social-relay:42"},
    }


def test_a_plugin_guest_is_named_by_their_user_ref() -> None:
    body = json.loads(text_message_body(recipient="user_ref:guest-1", text="hi", correlation="42"))

    assert body["recipient"] == {"user_ref": "guest-1"}


@given(st.text(st.characters(), max_size=50))
def test_any_text_makes_a_body(text: str) -> None:
    assert json.loads(text_message_body(recipient="77", text=text, correlation="1"))["message"]["text"] == text


def test_what_comes_back_in_an_echo_is_what_was_sent() -> None:
    assert correlation_in(metadata_for("42")) == "42"


@pytest.mark.parametrize("metadata", [None, 7, "", "42", "other:42", METADATA_PREFIX, {"a": 1}])
def test_metadata_of_others_is_no_correlation(metadata: object) -> None:
    assert correlation_in(metadata) == ""


@pytest.mark.parametrize(
    ("base_url", "page_id", "url"),
    [
        ("https://graph.facebook.com", "1122", "https://graph.facebook.com/v26.0/1122/messages"),
        ("http://127.0.0.1:9/", "1122", "http://127.0.0.1:9/v26.0/1122/messages"),
        ("http://127.0.0.1:9", "../me", "http://127.0.0.1:9/v26.0/..%2Fme/messages"),
    ],
)
def test_messages_go_to_the_page_at_the_pinned_version(base_url: str, page_id: str, url: str) -> None:
    assert messages_url(base_url, page_id) == url


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ümlaut"])
def test_a_damaged_token_is_refused_before_anything_is_sent(token: str) -> None:
    refusal = refusal_of_token(SecretStr(token))

    assert refusal is not None
    assert (refusal.code, refusal.channel_broken) == ("token_invalid", True)
    assert "`onsite channel add facebook PAGE_ID`" in refusal.sentence


def test_a_plain_token_passes() -> None:
    assert refusal_of_token(SecretStr("EAAtoken|x-_=")) is None


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        pytest.param(200, b'{"recipient_id":"77","message_id":"m_1"}', Sent("m_1"), id="the message's id"),
        pytest.param(200, b'{"message_id":"m_1"}', Sent("m_1"), id="no recipient, as for a user_ref"),
    ],
)
def test_an_id_says_that_the_message_was_sent(status: int, body: bytes, outcome: SendOutcome) -> None:
    assert decode_send_answer(status, body) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, b"", id="success without a body"),
        pytest.param(200, b"{}", id="success without an id"),
        pytest.param(200, b'{"message_id":null}', id="success with an id of null"),
        pytest.param(200, b"<html>welcome</html>", id="a page of a proxy"),
        pytest.param(302, b'{"message_id":"m_1"}', id="a redirect"),
        pytest.param(400, b'{"message_id":"m_1"}', id="a failure with an id"),
        pytest.param(429, b"slow down", id="a refusal that is not Meta's"),
        pytest.param(500, b"", id="500 without a body"),
        pytest.param(502, b"<html>bad gateway</html>", id="502 of a front-end"),
        pytest.param(504, b'{"error":"timeout"}', id="504 without an envelope"),
        pytest.param(400, envelope(1, 1357046), id="the error that also follows messages that went out"),
        pytest.param(500, envelope(1, 1357046, is_transient=True), id="the same, called transient"),
        pytest.param(500, envelope(1), id="unknown error of a broken server"),
        pytest.param(500, envelope(77777), id="unlisted error of a broken server"),
    ],
)
def test_an_answer_that_does_not_tell_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    outcome = decode_send_answer(status, body)

    assert isinstance(outcome, Lost)
    assert "took nothing" not in outcome.sentence


@pytest.mark.parametrize(
    ("status", "body", "pause_s"),
    [
        pytest.param(400, envelope(1), RETRY_PAUSE_S, id="unknown error, answered properly"),
        pytest.param(400, envelope(2), RETRY_PAUSE_S, id="temporary error"),
        pytest.param(503, envelope(2), RETRY_PAUSE_S, id="temporary error with 503: Meta says that it is temporary"),
        pytest.param(400, envelope(1200), RETRY_PAUSE_S, id="the old temporary send error"),
        pytest.param(500, envelope(1, is_transient=True), RETRY_PAUSE_S, id="called transient"),
        pytest.param(400, envelope(77777, is_transient=True), RETRY_PAUSE_S, id="unlisted, called transient"),
        *(
            pytest.param(400, envelope(code), THROTTLE_PAUSE_S, id=f"throttled with code {code}")
            for code in (4, 17, 32, 341, 613, 80001, 80006)
        ),
        pytest.param(400, envelope(613, 2018338), THROTTLE_PAUSE_S, id="warned for its rate"),
    ],
)
def test_an_error_that_passes_postpones_the_message(status: int, body: bytes, pause_s: float) -> None:
    outcome = decode_send_answer(status, body)

    assert isinstance(outcome, Postponed)
    assert outcome.retry_after_s == pause_s


@pytest.mark.parametrize(
    ("body", "code", "channel_broken"),
    [
        pytest.param(envelope(190, 460), "token_invalid", True, id="password changed"),
        pytest.param(envelope(190, 492), "permission_missing", True, id="role lost"),
        pytest.param(envelope(200), "permission_missing", True, id="permission missing"),
        pytest.param(envelope(200, 2018028), "permission_missing", True, id="app not live"),
        pytest.param(envelope(368), "policy_block", True, id="blocked for policy"),
        pytest.param(envelope(10, 1893063), "policy_block", True, id="page restricted"),
        pytest.param(envelope(10, 2018278), "window_closed", False, id="window closed"),
        pytest.param(envelope(551, 1545041), "person_unavailable", False, id="person unavailable"),
        pytest.param(envelope(100, 2018001), "person_unavailable", False, id="PSID of another page"),
        pytest.param(envelope(100), "bad_request", False, id="bad parameter"),
        pytest.param(envelope(10, 2018300), "thread_control", False, id="another app in control"),
        pytest.param(envelope(100, 33), "gone", False, id="object missing"),
        pytest.param(envelope(2500), "refused", False, id="a code of no table"),
    ],
)
def test_an_error_that_stays_refuses_the_message(body: bytes, code: str, *, channel_broken: bool) -> None:
    outcome = decode_send_answer(400, body)

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.channel_broken) == (code, channel_broken)
    assert outcome.sentence.endswith(".")


def test_a_bad_parameter_is_named_in_metas_words() -> None:
    outcome = decode_send_answer(400, envelope(100, message="(#100) Param recipient[id] must be a valid ID string"))

    assert outcome == Refused(
        "bad_request",
        "Facebook refused the request as it stands."
        " It says: (#100) Param recipient[id] must be a valid ID string (error 100).",
    )


def test_an_unlisted_error_is_quoted_without_tokens() -> None:
    outcome = decode_send_answer(400, envelope(2500, message="Malformed access token EAAsecret"))

    assert outcome == Refused(
        "refused", "Facebook refused the request. It says: Malformed access token *** (error 2500)."
    )


@given(st.integers(100, 599), st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_answer_means_something(status: int, body: bytes) -> None:
    assert isinstance(decode_send_answer(status, body), Sent | Refused | Lost | Postponed)
