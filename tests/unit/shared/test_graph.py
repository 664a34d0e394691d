"""What Meta's errors mean, and the proof that a caller knows the app's secret."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.graph import (
    GRAPH_VERSION,
    RENEWAL_HINT,
    GraphError,
    GraphTrouble,
    appsecret_proof,
    decode_error,
    diagnose,
)

T = GraphTrouble


def envelope(**error: object) -> bytes:
    return json.dumps({"error": error}).encode()


def test_an_error_envelope_is_read_in_full() -> None:
    body = envelope(
        message="Session has expired",
        type="OAuthException",
        code=190,
        error_subcode=463,
        is_transient=False,
        error_user_title="",
        error_user_msg="",
        fbtrace_id="A1",
    )

    assert decode_error(body) == GraphError(190, 463, "Session has expired", is_transient=False, fbtrace_id="A1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>502</html>", id="a page of a proxy"),
        pytest.param(b'{"message_id":"m_1"}', id="a success"),
        pytest.param(b'{"error":"no"}', id="an error that is a text"),
        pytest.param(b'{"error":{"message":"no"}}', id="an error without a code"),
        pytest.param(b'{"error":{"code":"no"}}', id="a code that is no number"),
        pytest.param(b'{"error":{"code":null}}', id="a code that is null"),
    ],
)
def test_what_is_no_error_envelope_is_none(body: bytes) -> None:
    assert decode_error(body) is None


@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_bytes_give_an_error_or_none(body: bytes) -> None:
    assert decode_error(body) is None or isinstance(decode_error(body), GraphError)


@pytest.mark.parametrize("odd", [None, [], {}, "", "12", True, 1.5, 10**30, "\ud800"])
def test_odd_fields_do_not_cost_the_code(odd: object) -> None:
    error = decode_error(envelope(code="10", error_subcode=odd, message=odd, is_transient=odd, fbtrace_id=odd))

    assert error is not None
    assert error.code == 10
    assert error.is_transient is (odd is True)


def test_a_token_that_meta_repeats_is_masked() -> None:
    token = "some-odd-token"

    error = decode_error(envelope(code=190, message=f"Malformed access token {token}"))

    assert error is not None
    assert error.message == "Malformed access token ***"


@pytest.mark.parametrize(
    ("code", "subcode", "trouble"),
    [
        pytest.param(190, 458, T.TOKEN_DEAD, id="app removed by the user"),
        pytest.param(190, 459, T.TOKEN_DEAD, id="user checkpoint"),
        pytest.param(190, 460, T.TOKEN_DEAD, id="password changed"),
        pytest.param(190, 463, T.TOKEN_DEAD, id="token expired"),
        pytest.param(190, 464, T.TOKEN_DEAD, id="unconfirmed user"),
        pytest.param(190, 467, T.TOKEN_DEAD, id="token revoked"),
        pytest.param(190, 492, T.PERMISSION, id="no suitable role any more, so a new token fails too"),
        pytest.param(190, None, T.TOKEN_DEAD, id="token invalid"),
        pytest.param(190, 9999, T.TOKEN_DEAD, id="token invalid for a reason that is new"),
        pytest.param(102, None, T.TOKEN_DEAD, id="session invalid"),
        pytest.param(1, None, T.TEMPORARY, id="unknown error"),
        pytest.param(2, None, T.TEMPORARY, id="temporary error"),
        pytest.param(1200, None, T.TEMPORARY, id="the old temporary send error"),
        pytest.param(1, 1357046, T.UNKNOWN_OUTCOME, id="invalid JSON reply although messages went out"),
        pytest.param(3, None, T.PERMISSION, id="capability missing"),
        pytest.param(10, None, T.PERMISSION, id="permission missing"),
        pytest.param(200, None, T.PERMISSION, id="first of the permission codes"),
        pytest.param(299, None, T.PERMISSION, id="last of the permission codes"),
        pytest.param(300, None, T.OTHER, id="just after the permission codes"),
        pytest.param(10, 2018278, T.WINDOW_CLOSED, id="outside the 24 hour window"),
        pytest.param(10, 2534022, T.WINDOW_CLOSED, id="outside the window, newer"),
        pytest.param(10, 2018065, T.WINDOW_CLOSED, id="outside the window, needs news permission"),
        pytest.param(10, 2018108, T.PERSON_UNAVAILABLE, id="person cannot receive now"),
        pytest.param(10, 1893063, T.POLICY_BLOCK, id="page temporarily restricted"),
        pytest.param(4, None, T.THROTTLED, id="app throttled"),
        pytest.param(17, None, T.THROTTLED, id="user throttled"),
        pytest.param(32, None, T.THROTTLED, id="page with user token throttled"),
        pytest.param(341, None, T.THROTTLED, id="application limit"),
        pytest.param(613, None, T.THROTTLED, id="custom limit"),
        pytest.param(80001, None, T.THROTTLED, id="page business use case"),
        pytest.param(80006, None, T.THROTTLED, id="messenger business use case"),
        pytest.param(4, 2018022, T.THROTTLED, id="too many sends to phone numbers"),
        pytest.param(613, 2018338, T.THROTTLED, id="warned for its rate"),
        pytest.param(613, 2534040, T.THROTTLED, id="rate limit"),
        pytest.param(100, None, T.BAD_PARAMETER, id="bad parameter"),
        pytest.param(100, 33, T.GONE, id="object missing or not visible"),
        pytest.param(100, 2018001, T.PERSON_UNAVAILABLE, id="no matching user"),
        pytest.param(100, 2018008, T.BAD_PARAMETER, id="attachment could not be fetched"),
        pytest.param(100, 2018014, T.BAD_PARAMETER, id="message and sender_action in one call"),
        pytest.param(100, 2018034, T.BAD_PARAMETER, id="empty message"),
        pytest.param(100, 2018047, T.BAD_PARAMETER, id="upload of another type"),
        pytest.param(100, 2018074, T.BAD_PARAMETER, id="foreign attachment id"),
        pytest.param(100, 2018109, T.BAD_PARAMETER, id="attachment too large"),
        pytest.param(100, 2018294, T.BAD_PARAMETER, id="video corrupt"),
        pytest.param(200, 1545041, T.PERSON_UNAVAILABLE, id="person not available, as 200"),
        pytest.param(551, 1545041, T.PERSON_UNAVAILABLE, id="person not available, as 551"),
        pytest.param(551, None, T.PERSON_UNAVAILABLE, id="person not available, no subcode"),
        pytest.param(200, 2018028, T.PERMISSION, id="not live or not reviewed"),
        pytest.param(368, None, T.POLICY_BLOCK, id="blocked for policy"),
        pytest.param(2018300, None, T.THREAD_CONTROL, id="another app in control, as a code"),
        pytest.param(10, 2018300, T.THREAD_CONTROL, id="another app in control, as a subcode"),
        pytest.param(100, 2018218, T.PROFILE_HIDDEN, id="profile not available"),
        pytest.param(2018247, None, T.PROFILE_HIDDEN, id="no permission for profiles"),
        pytest.param(9000001, None, T.GONE, id="message deleted"),
        pytest.param(10303, None, T.BAD_PARAMETER, id="bad account linking token"),
        pytest.param(2500, None, T.OTHER, id="a code of no table"),
        pytest.param(33, None, T.OTHER, id="a subcode's number as a code"),
    ],
)
def test_an_error_means(code: int, subcode: int | None, trouble: GraphTrouble) -> None:
    diagnosis = diagnose(GraphError(code, subcode))

    assert diagnosis.trouble is trouble
    assert diagnosis.sentence.endswith(".")


@pytest.mark.parametrize(
    ("code", "subcode", "trouble"),
    [
        pytest.param(2500, None, T.TEMPORARY, id="an unlisted code"),
        pytest.param(100, None, T.TEMPORARY, id="a code that covers much"),
        pytest.param(4, None, T.THROTTLED, id="a throttle stays one: its pause is longer"),
        pytest.param(1, 1357046, T.UNKNOWN_OUTCOME, id="a subcode knows better"),
        pytest.param(190, 460, T.TOKEN_DEAD, id="a subcode knows better, of a token"),
    ],
)
def test_what_meta_calls_transient_is_temporary_unless_more_is_known(
    code: int, subcode: int | None, trouble: GraphTrouble
) -> None:
    assert diagnose(GraphError(code, subcode, is_transient=True)).trouble is trouble


@pytest.mark.parametrize("subcode", [None, 458, 459, 460, 463, 464, 467, 492])
def test_whoever_reads_of_a_dead_token_learns_the_command_that_gives_another(subcode: int | None) -> None:
    assert diagnose(GraphError(190, subcode)).sentence.endswith(f"{RENEWAL_HINT}.")
    assert "`onsite connect`" in RENEWAL_HINT
    assert "`onsite channel add facebook PAGE_ID`" in RENEWAL_HINT


def test_the_proof_is_metas_own_vector() -> None:
    proof = appsecret_proof(SecretStr("EAAtoken"), SecretStr("app-secret-example"))

    assert proof.get_secret_value() == "17d8a1c5b985fe9235656332e74397db7cf41995ed1d73cfd0e4e3a2a8662f3d"
    assert "17d8" not in repr(proof)


def test_the_version_is_pinned() -> None:
    assert GRAPH_VERSION == "v26.0"
