"""What an answer to the empty push is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.trial import TrialCode, read_trial


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        pytest.param(200, b'{"accepted":0}', TrialCode.REACHED, id="a receipt"),
        pytest.param(200, b'{"accepted":0,"rejected":[],"later":1}', TrialCode.REACHED, id="of a later release"),
        pytest.param(200, b'{"accepted":1}', TrialCode.NO_SITE, id="a receipt for what was not sent"),
        pytest.param(200, b"<html>It works!</html>", TrialCode.NO_SITE, id="another program"),
        pytest.param(204, b"", TrialCode.HTTP_STATUS, id="nothing"),
        pytest.param(302, b"", TrialCode.REDIRECT, id="a redirect"),
        pytest.param(401, b"", TrialCode.SIGNATURE_REFUSED, id="not authorised"),
        pytest.param(403, b"", TrialCode.SIGNATURE_REFUSED, id="forbidden"),
        pytest.param(404, b"", TrialCode.HTTP_STATUS, id="not found"),
        pytest.param(410, b"", TrialCode.GONE, id="gone"),
        pytest.param(413, b"", TrialCode.HTTP_STATUS, id="too large"),
        pytest.param(503, b"", TrialCode.HTTP_STATUS, id="no database"),
    ],
)
def test_an_answer_has_a_code_and_words(status: int, body: bytes, code: TrialCode) -> None:
    found, words = read_trial(status, {}, body, now=0.0)

    assert found is code
    assert str(status) in words or code is TrialCode.REACHED or "1 events where 0 were sent" in words


@given(status=st.integers(100, 999), body=st.binary(max_size=60), name=st.text(max_size=9))
def test_any_answer_has_one(status: int, body: bytes, name: str) -> None:
    code, words = read_trial(status, {"Retry-After": name}, body, now=0.0)

    assert words
    assert code is not TrialCode.REACHED or status == 200
