"""Where conversations are asked for, and what the answers hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from onsite.core.errors import FacebookError
from onsite.core.facebook.conversations import (
    Customer,
    Listed,
    MessagePage,
    ThreadHead,
    ThreadPage,
    decode_older,
    decode_thread,
    decode_threads,
    older_url,
    thread_url,
    threads_url,
)
from shared.graph import GraphTrouble

PAGE = "1122"
PROOF = SecretStr("0f0f")
ADA = {"id": "9001", "name": "Ada", "email": "9001@facebook.com"}
ACME = {"id": PAGE, "name": "Acme"}
SECOND_MS = 1_767_225_600_000
SECOND = "2026-01-01T00:00:00+0000"


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_addresses_ask_for_what_is_needed_and_hold_no_token() -> None:
    assert threads_url("http://g/", PAGE, after="c/1", proof=PROOF) == (
        "http://g/v26.0/1122/conversations?platform=messenger&fields=id,updated_time&limit=50&after=c%2F1"
        "&appsecret_proof=0f0f"
    )
    assert thread_url("http://g", "t_1") == (
        "http://g/v26.0/t_1?fields=participants,messages.limit(20)"
        "{id,created_time,from,to,message,attachments,sticker,shares,reply_to}"
    )
    assert older_url("http://g", "t_1", after="c2") == (
        "http://g/v26.0/t_1/messages?fields=id,created_time&limit=100&after=c2"
    )


@pytest.mark.parametrize(
    ("paging", "after"),
    [
        pytest.param({"cursors": {"after": "c1"}, "next": "https://…"}, "c1", id="more"),
        pytest.param({"cursors": {"after": "c1"}}, "", id="the last page has a cursor too"),
        pytest.param({}, "", id="no cursor"),
        pytest.param(None, "", id="no paging"),
    ],
)
def test_a_list_tells_where_it_goes_on(paging: Any, after: str) -> None:
    data = [{"id": "t_1", "updated_time": SECOND}, {"id": "t_2"}, {"updated_time": SECOND}, None]

    page = decode_threads(200, body({"data": data, "paging": paging}))

    assert page == ThreadPage((ThreadHead("t_1", SECOND_MS), ThreadHead("t_2", None)), after)


def test_a_thread_tells_its_customer_and_its_messages() -> None:
    readable = {"id": "m_2", "created_time": SECOND, "from": ADA, "message": "hello"}
    listed = {"id": "m_1", "created_time": SECOND}
    undated = {"id": "m_0", "created_time": "yesterday"}
    messages = {"data": [readable, listed, undated]}

    customer, page = decode_thread(
        200, body({"participants": {"data": [ACME, ADA]}, "messages": messages}), page_id=PAGE
    )

    assert customer == Customer("9001", "Ada")
    assert page == MessagePage((Listed("m_2", SECOND_MS, readable), Listed("m_1", SECOND_MS, listed)), "")
    assert [each.is_readable for each in page.messages] == [True, False]


def test_a_customer_who_is_not_listed_as_a_participant_is_found_in_the_messages() -> None:
    said = {"id": "m_1", "created_time": SECOND, "from": ACME, "to": {"data": [ADA]}}

    customer, _ = decode_thread(200, body({"messages": {"data": [said]}}), page_id=PAGE)

    assert customer.id == "9001"


@pytest.mark.parametrize(
    ("status", "answer", "trouble"),
    [
        pytest.param(403, {"error": {"code": 80006}}, GraphTrouble.THROTTLED, id="too many calls"),
        pytest.param(400, {"error": {"code": 190, "error_subcode": 460}}, GraphTrouble.TOKEN_DEAD, id="a dead token"),
        pytest.param(403, {"error": {"code": 200}}, GraphTrouble.PERMISSION, id="no permission"),
        pytest.param(502, {"data": []}, None, id="a front-end's answer"),
        pytest.param(200, [], None, id="no object"),
    ],
)
def test_an_answer_that_is_none_says_why(status: int, answer: Any, trouble: GraphTrouble | None) -> None:
    with pytest.raises(FacebookError) as refused:
        decode_threads(status, body(answer))

    assert refused.value.trouble is trouble


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "id", "created_time", "updated_time", "messages", "paging", "from", "participants"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_is_answered_is_read_or_refused(answer: Any) -> None:
    raw = body(answer)
    for decode in (decode_threads, decode_older, lambda *args: decode_thread(*args, page_id=PAGE)):
        try:
            decode(200, raw)
        except FacebookError as refused:
            assert str(refused)  # noqa: PT017  either outcome is right
