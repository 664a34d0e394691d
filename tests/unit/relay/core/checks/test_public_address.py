"""What is set as the public address, and what answers there."""

import pytest

from relay.core.checks import public_address
from relay.core.checks.public_address import judge_challenge, judge_setting, judge_site_calls
from shared.checks import Outcome


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://relay.example.com", Outcome.PASSED),
        ("http://127.0.0.1:8080", Outcome.WARNED),
        ("", Outcome.FAILED),
    ],
)
def test_the_setting(url: str, outcome: Outcome) -> None:
    line = judge_setting(url)

    assert line.outcome is outcome
    assert ("https://relay.example.com" in line.remedy) is (outcome is not Outcome.PASSED)


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        pytest.param(200, b"abc", "", id="the challenge"),
        pytest.param(200, b"abc\n", public_address.PROXY, id="a line end behind it"),
        pytest.param(200, b"<html>", public_address.PROXY, id="another page"),
        pytest.param(403, b'{"error":{"code":"verification_refused"}}', public_address.ANOTHER_RELAY, id="refused"),
        pytest.param(403, b"<html>", public_address.PROXY, id="a filter"),
        pytest.param(404, b"", public_address.PROXY, id="closed"),
        pytest.param(301, b"", public_address.PROXY, id="redirect"),
        pytest.param(502, b"", public_address.RELAY_BEHIND, id="no relay behind it"),
    ],
)
def test_the_challenge(status: int, body: bytes, remedy: str) -> None:
    line = judge_challenge(status, body, public_url="https://relay.example.com", challenge="abc")

    assert line.remedy == remedy
    assert line.outcome is (Outcome.FAILED if remedy else Outcome.PASSED)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, b'{"error":{"message":"no such site, or not its token"}}', Outcome.PASSED),
        (401, b"<html>", Outcome.WARNED),
        (404, b"", Outcome.WARNED),
    ],
)
def test_calls_of_sites(status: int, body: bytes, outcome: Outcome) -> None:
    assert judge_site_calls(status, body).outcome is outcome
