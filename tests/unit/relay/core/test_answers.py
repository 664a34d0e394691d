"""What a site's answer is worth."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.answers import read_answer
from relay.core.delivery import Delivered, Failed, Gone, Refused, TooLarge, Verdict
from shared.wire import Receipt, Rejection, encode_receipt
from tests.support.strategies import any_text

BATCH = [f"1-{number}" for number in range(1, 18)]
NOW = 1_445_412_420.0  # Wed, 21 Oct 2015 07:27:00 GMT
IN_A_MINUTE = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        pytest.param(200, b'{"accepted": 17}', Delivered(), id="receipt"),
        pytest.param(
            200,
            b'{"accepted": 1, "rejected": [{"id": "1-2", "reason": "odd", "since": "2.0"}], "later": true}',
            Delivered([Rejection("1-2", "odd")]),
            id="receipt of a newer site, with a refusal",
        ),
        pytest.param(410, b"", Gone(), id="gone"),
        pytest.param(413, b"<html>", TooLarge(), id="too large"),
    ],
)
def test_answers_of_the_contract(status: int, body: bytes, verdict: Verdict) -> None:
    assert read_answer(status, {}, body, event_ids=BATCH if b"17" in body else BATCH[:2], now=NOW) == verdict


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"ok", id="text"),
        pytest.param(b"<html><body>It works!</body></html>", id="another web server"),
        pytest.param(b"{}", id="an object, but no receipt"),
        pytest.param(b'{"status": "ok"}', id="somebody else's API"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"17", id="a number"),
        pytest.param(b'{"accepted": "17"}', id="a number in quotes"),
        pytest.param(b'{"accepted": 17', id="cut off"),
        pytest.param(b'{"accepted": 1, "rejected": [{"id": "1-1"}]}', id="a refusal without a reason"),
        pytest.param(b'{"accepted": 1, "rejected": [{"id": "1-1", "reason": "\\ud800"}]}', id="half a character"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_a_200_without_a_receipt_is_no_delivery(body: bytes) -> None:
    verdict = read_answer(200, {}, body, event_ids=BATCH, now=NOW)

    assert isinstance(verdict, Failed)
    assert "no receipt" in verdict.reason


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"accepted": 16}', id="one is missing"),
        pytest.param(b'{"accepted": 18}', id="one too many"),
        pytest.param(b'{"accepted": 0}', id="none, as a cache may have it"),
        pytest.param(b'{"accepted": -17}', id="below nothing"),
        pytest.param(b'{"accepted": 17, "rejected": [{"id": "1-2", "reason": "odd"}]}', id="refused and accepted"),
    ],
)
def test_a_receipt_that_does_not_account_for_every_event_is_no_delivery(body: bytes) -> None:
    verdict = read_answer(200, {}, body, event_ids=BATCH, now=NOW)

    assert isinstance(verdict, Failed)
    assert "where 17 were sent" in verdict.reason


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"accepted": 0, "rejected": [{"id": "9-9", "reason": "odd"}]}', id="an event that was not sent"),
        pytest.param(b'{"accepted": 0, "rejected": [{"id": "", "reason": "odd"}]}', id="an event without an id"),
        pytest.param(
            b'{"accepted": -1, "rejected": [{"id": "1-1", "reason": "odd"}, {"id": "1-1", "reason": "odd"}]}',
            id="less than nothing taken",
        ),
    ],
)
def test_a_refusal_of_what_was_not_sent_costs_no_event(body: bytes) -> None:
    """Taken as it stands it would take an event off the outbox that nobody has."""
    assert isinstance(read_answer(200, {}, body, event_ids=BATCH[:1], now=NOW), Failed)


def test_an_event_that_is_refused_twice_stands_for_one_that_is_not_told_of() -> None:
    body = b'{"accepted": 0, "rejected": [{"id": "1-1", "reason": "odd"}, {"id": "1-1", "reason": "again"}]}'

    assert isinstance(read_answer(200, {}, body, event_ids=BATCH[:2], now=NOW), Failed)


@given(
    accepted=st.integers(-3, 6),
    rejected=st.lists(st.sampled_from(["", "1-1", "1-2", "1-3", "1-4", "9-9"]), max_size=5),
    events=st.integers(1, 4),
)
def test_what_counts_as_delivered_accounts_for_each_event_once(accepted: int, rejected: list[str], events: int) -> None:
    body = encode_receipt(Receipt(accepted, [Rejection(each, "odd") for each in rejected]))
    verdict = read_answer(200, {}, body, event_ids=BATCH[:events], now=NOW)
    accounts = sorted(rejected) == sorted(set(rejected) & set(BATCH[:events])) and accepted == events - len(rejected)

    assert isinstance(verdict, Delivered) == accounts


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(201, "answered 201", id="another kind of success"),
        pytest.param(204, "answered 204", id="no content"),
        pytest.param(301, "redirect.*301.*not followed", id="moved"),
        pytest.param(308, "redirect.*308.*not followed", id="moved for good"),
        pytest.param(401, "refused the signature.*ONSITE_RELAY_SECRET", id="wrong secret"),
        pytest.param(404, "answered 404", id="wrong path"),
        pytest.param(500, "answered 500", id="broken"),
        pytest.param(999, "answered 999", id="no status at all"),
    ],
)
def test_anything_else_is_a_failure_that_says_what_came(status: int, words: str) -> None:
    verdict = read_answer(status, {"Retry-After": "30"}, b'{"accepted": 17}', event_ids=BATCH, now=NOW)

    assert isinstance(verdict, Failed)
    assert verdict.retry_after_s is None
    assert re.search(words, verdict.reason)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(400, "answered 400", id="bad request"),
        pytest.param(403, "refused the signature.*clock", id="wrong clock, wrong secret, or a filter"),
        pytest.param(406, "answered 406", id="not acceptable, as some filters say"),
        pytest.param(415, "answered 415", id="media type"),
        pytest.param(422, "answered 422", id="unprocessable"),
        pytest.param(451, "answered 451", id="legal reasons"),
    ],
)
def test_what_may_be_about_the_content_is_a_refusal(status: int, words: str) -> None:
    verdict = read_answer(status, {"Retry-After": "30"}, b"", event_ids=BATCH, now=NOW)

    assert isinstance(verdict, Refused)
    assert re.search(words, verdict.reason)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("30", 30.0, id="seconds"),
        pytest.param(" 30 ", 30.0, id="seconds with spaces"),
        pytest.param("0", 0.0, id="at once"),
        pytest.param("9" * 40, 999_999_999.0, id="seconds beyond measure"),
        pytest.param(IN_A_MINUTE, 60.0, id="a date"),
        pytest.param("Wed, 21 Oct 2015 09:28:00 +0200", 60.0, id="a date elsewhere"),
        pytest.param("Wed, 21 Oct 2015 07:00:00 GMT", 0.0, id="a date that has passed"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", 0.0, id="a date in the old form of RFC 850"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="words"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 +9999", None, id="an impossible zone"),
        pytest.param("Wed, 99 Oct 2015 07:28:00 GMT", None, id="an impossible day"),
        pytest.param(", ,", None, id="commas"),
    ],
)
def test_a_throttling_site_says_how_long(status: int, value: str, seconds: float | None) -> None:
    assert read_answer(status, {"Retry-After": value}, b"", event_ids=BATCH, now=NOW) == Failed(
        f"the site answered {status}", retry_after_s=seconds
    )


@given(
    status=st.integers(100, 999),
    headers=st.dictionaries(st.just("Retry-After"), any_text),
    body=st.binary() | st.integers(-1, 20).map(lambda count: b'{"accepted":%d}' % count),
    events=st.integers(1, 17),
    now=st.floats(0, 1e11),
)
def test_any_answer_gives_a_verdict(
    status: int, headers: Mapping[str, str], body: bytes, events: int, now: float
) -> None:
    verdict = read_answer(status, headers, body, event_ids=BATCH[:events], now=now)

    assert isinstance(verdict, Delivered | TooLarge | Refused | Gone | Failed)
    if isinstance(verdict, Failed) and verdict.retry_after_s is not None:
        assert verdict.retry_after_s >= 0
