"""Standard Webhooks signatures, held against the specification's vector and an independent library."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from shared.errors import SignatureInvalid
from shared.signing import TOLERANCE_S, sign, verify
from shared.site_secret import new_site_secret
from tests.support.strategies import any_text

SECRET = SecretStr("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
OTHER = SecretStr("whsec_YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk=")
SENT_AT = 1_700_000_000
BODY = b'{"a":1}'
VECTOR = {
    "webhook-id": "msg_1",
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1,rkwp5YuvdrMkcu0ZhuMsXoTg44mHAr1Q0+FFgFpXsjY=",
}


def test_the_vector_is_made() -> None:
    assert sign(BODY, message_id="msg_1", timestamp_s=SENT_AT, secrets=[SECRET]) == VECTOR


def test_the_vector_is_accepted() -> None:
    assert verify(VECTOR, BODY, secrets=[SECRET], now=SENT_AT) == "msg_1"


@given(
    body=st.text(),
    message_id=st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1),
    seconds=st.integers(1_000_000_000, 4_000_000_000),
)
def test_what_the_independent_library_signs_is_accepted(body: str, message_id: str, seconds: int) -> None:
    secret = new_site_secret()
    sent_at = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": Webhook(secret.get_secret_value()).sign(message_id, sent_at, body),
    }

    assert verify(headers, body.encode(), secrets=[secret], now=seconds) == message_id
    assert sign(body.encode(), message_id=message_id, timestamp_s=seconds, secrets=[secret]) == headers


def test_what_we_sign_is_accepted_by_the_independent_library() -> None:
    now = int(dt.datetime.now(tz=dt.UTC).timestamp())  # the library reads the wall clock itself
    body = b'{"type":"events","text":"\\u00e4"}'
    headers = sign(body, message_id="1-0_17", timestamp_s=now, secrets=[OTHER, SECRET])

    assert Webhook(SECRET.get_secret_value()).verify(body.decode(), headers) == {"type": "events", "text": "\u00e4"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_site_secret().get_secret_value()).verify(body.decode(), headers)


class TestRotation:
    def test_while_a_secret_rotates_both_holders_accept(self) -> None:
        headers = sign(BODY, message_id="m", timestamp_s=SENT_AT, secrets=[OTHER, SECRET])

        assert len(headers["webhook-signature"].split()) == 2
        assert verify(headers, BODY, secrets=[SECRET], now=SENT_AT) == "m"
        assert verify(headers, BODY, secrets=[OTHER], now=SENT_AT) == "m"

    def test_a_site_that_holds_both_accepts_either(self) -> None:
        assert verify(VECTOR, BODY, secrets=[OTHER, SECRET], now=SENT_AT) == "msg_1"
        assert verify(VECTOR, BODY, secrets=[SECRET, OTHER], now=SENT_AT) == "msg_1"

    def test_signatures_of_other_schemes_are_passed_over(self) -> None:
        theirs = {**VECTOR, "webhook-signature": f"v1a,AAAA garbage v2,x {VECTOR['webhook-signature']} v1"}

        assert verify(theirs, BODY, secrets=[SECRET], now=SENT_AT) == "msg_1"

    @pytest.mark.parametrize(("before", "holds"), [(15, True), (16, False)])
    def test_no_more_than_sixteen_signatures_are_looked_at(self, before: int, holds: bool) -> None:  # noqa: FBT001  a row
        many = {**VECTOR, "webhook-signature": "v1,AAAA " * before + VECTOR["webhook-signature"]}
        if holds:
            assert verify(many, BODY, secrets=[SECRET], now=SENT_AT) == "msg_1"
        else:
            with pytest.raises(SignatureInvalid):
                verify(many, BODY, secrets=[SECRET], now=SENT_AT)


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            pytest.param({"webhook-id": ""}, "missing", id="no id"),
            pytest.param({"webhook-timestamp": ""}, "missing", id="no time"),
            pytest.param({"webhook-signature": ""}, "missing", id="no signature"),
            pytest.param({"webhook-timestamp": "soon"}, "no number", id="words as time"),
            pytest.param({"webhook-timestamp": "-1700000000"}, "no number", id="a negative time"),
            pytest.param({"webhook-timestamp": "1700000000.0"}, "no number", id="a fraction as time"),
            pytest.param({"webhook-timestamp": " 1700000000"}, "no number", id="a space before the time"),
            pytest.param({"webhook-timestamp": "9" * 5000}, "no number", id="a time without end"),
            pytest.param({"webhook-timestamp": "\u0661" * 10}, "no number", id="digits of another script"),
            pytest.param({"webhook-timestamp": "1700000001"}, "no signature fits", id="another time"),
            pytest.param({"webhook-id": "msg_2"}, "no signature fits", id="another id"),
            pytest.param({"webhook-id": "\ud800"}, "no signature fits", id="half a character as id"),
            pytest.param({"webhook-signature": "garbage"}, "no signature fits", id="no comma"),
            pytest.param({"webhook-signature": "v1,"}, "no signature fits", id="nothing behind the scheme"),
            pytest.param({"webhook-signature": "v1,\u00e4\udcff\ud800"}, "no signature fits", id="no base64"),
            pytest.param({"webhook-signature": "v1a" + VECTOR["webhook-signature"][2:]}, "no signature", id="scheme"),
        ],
    )
    def test_a_header_that_does_not_hold(self, change: dict[str, str], words: str) -> None:
        with pytest.raises(SignatureInvalid, match=words):
            verify({**VECTOR, **change}, BODY, secrets=[SECRET], now=SENT_AT)

    def test_another_body(self) -> None:
        with pytest.raises(SignatureInvalid, match="no signature fits"):
            verify(VECTOR, BODY + b" ", secrets=[SECRET], now=SENT_AT)

    def test_another_secret_and_the_error_repeats_none(self) -> None:
        with pytest.raises(SignatureInvalid, match="no signature fits") as refused:
            verify(VECTOR, BODY, secrets=[OTHER], now=SENT_AT)

        assert "whsec" not in str(refused.value)

    def test_everything_when_there_is_no_secret(self) -> None:
        with pytest.raises(SignatureInvalid):
            verify(VECTOR, BODY, secrets=[], now=SENT_AT)


@pytest.mark.parametrize("off_s", [-TOLERANCE_S, -1, 0, TOLERANCE_S])
def test_a_clock_may_be_off_by_five_minutes_either_way(off_s: int) -> None:
    assert verify(VECTOR, BODY, secrets=[SECRET], now=SENT_AT + off_s) == "msg_1"


@pytest.mark.parametrize(
    ("off_s", "words"),
    [(-TOLERANCE_S - 1, r"-301 s away.*300 s.*check both clocks"), (TOLERANCE_S + 1, r"\+301 s away"), (1e12, "away")],
)
def test_a_clock_that_is_further_off_is_said_so(off_s: float, words: str) -> None:
    with pytest.raises(SignatureInvalid, match=words):
        verify(VECTOR, BODY, secrets=[SECRET], now=SENT_AT + off_s)


@given(
    message_id=any_text,
    timestamp=any_text | st.integers(0, 10**12).map(str),
    signature=any_text | any_text.map("v1,".__add__),
    body=st.binary(),
    now=st.floats(0, 1e12),
)
def test_any_header_and_any_body_are_refused_with_our_one_error(
    message_id: str, timestamp: str, signature: str, body: bytes, now: float
) -> None:
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}

    with pytest.raises(SignatureInvalid):
        verify(headers, body, secrets=[SECRET], now=now)


@given(body=st.binary(), secrets=st.integers(1, 3))
def test_what_is_signed_verifies_with_each_of_the_secrets(body: bytes, secrets: int) -> None:
    made = [new_site_secret() for _ in range(secrets)]
    headers = sign(body, message_id="m", timestamp_s=SENT_AT, secrets=made)

    assert [verify(headers, body, secrets=[secret], now=SENT_AT) for secret in made] == ["m"] * secrets
