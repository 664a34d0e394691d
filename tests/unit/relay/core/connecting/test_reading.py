"""What Meta answers to a login, read whatever it is: a value, or a refusal in words."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.connecting.dialog import LoginApp, LoginState, dialog_address, read_answer_of_dialog
from relay.core.connecting.listing import ListedPage, merged, read_pages, read_portfolios
from relay.core.connecting.permissions import NEEDED, SCOPES, missing_in_words, read_granted
from relay.core.connecting.tokens import code_form, prolonging_form, read_token
from relay.core.errors import FacebookRefused

APP = LoginApp("138", "https://relay.example")
STATE = LoginState("s" * 43, "l" * 43)
READERS: list[Callable[[int, bytes], Any]] = [read_granted, read_token, read_pages, read_portfolios]
KEYS = ["data", "paging", "cursors", "after", "next", "id", "name", "access_token", "tasks", "permission", "status"]

answers = st.binary() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*KEYS, "expires_in", "error", "code"]), inner),
    max_leaves=20,
).map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize("read", READERS)
@given(status=st.integers(100, 599), body=answers)
def test_any_answer_gives_a_value_or_a_refusal(read: Callable[[int, bytes], Any], status: int, body: bytes) -> None:
    with suppress(FacebookRefused):
        assert read(status, body) is not None


@given(st.dictionaries(st.sampled_from(["state", "code", "error"]), st.text()))
def test_any_query_gives_an_answer_or_none(query: dict[str, str]) -> None:
    answer = read_answer_of_dialog(query)

    assert answer is None or str(answer.state) == query["state"]


@pytest.mark.parametrize(
    ("query", "code", "declined"),
    [
        pytest.param({"code": "c"}, "c", False, id="agreed"),
        pytest.param({"error": "access_denied", "error_reason": "user_denied"}, "", True, id="declined"),
        pytest.param({"error": "server_error"}, "", False, id="trouble"),
        pytest.param({"error": "access_denied", "code": "c"}, "", True, id="both"),
        pytest.param({}, "", False, id="neither"),
    ],
)
def test_an_answer_of_the_dialog_is_read(query: dict[str, str], code: str, declined: bool) -> None:  # noqa: FBT001  a column of the table
    answer = read_answer_of_dialog(query | {"state": str(STATE)})

    assert answer is not None
    assert (answer.state, answer.code, answer.declined) == (STATE, code, declined)


def test_the_classic_dialog_asks_for_permissions_and_that_for_business_for_its_configuration() -> None:
    classic = dialog_address(APP, STATE, again=False)
    business = dialog_address(LoginApp("138", "https://relay.example", "cfg"), STATE, again=True)

    assert all(scope in classic for scope in SCOPES)
    assert ("auth_type" in classic, "scope" in business, "config_id=cfg" in business) == (False, False, True)
    assert "redirect_uri=https%3A%2F%2Frelay.example%2Ffacebook%2Fcallback" in classic


def test_what_is_missing_is_named_and_what_others_can_do_without_is_not() -> None:
    granted = read_granted(
        200,
        b'{"data": [{"permission": "pages_show_list", "status": "granted"},'
        b' {"permission": "pages_messaging", "status": "declined"}, 7]}',
    )

    assert granted == {"pages_show_list"}
    assert [each.partition(":")[0] for each in missing_in_words(granted)] == [
        name for name in NEEDED if name != "pages_show_list"
    ]


@pytest.mark.parametrize(("told", "lasts"), [({"expires_in": 5_184_000}, False), ({}, True), ({"expires_in": 0}, True)])
def test_a_token_without_an_end_lasts(told: dict[str, int], lasts: bool) -> None:  # noqa: FBT001  a column of the table
    assert read_token(200, json.dumps({"access_token": "EAA"} | told).encode()).lasts is lasts


def test_the_forms_hold_what_meta_asks_for() -> None:
    secret = SecretStr("hush")

    assert b"redirect_uri=https%3A%2F%2Frelay.example%2Ffacebook%2Fcallback&code=c" in code_form(APP, secret, "c")
    assert b"grant_type=fb_exchange_token&fb_exchange_token=EAA" in prolonging_form(APP, secret, SecretStr("EAA"))


@pytest.mark.parametrize(
    ("tasks", "lacks"),
    [
        pytest.param(["MESSAGING", "MODERATE"], 0, id="enough"),
        pytest.param(["PROFILE_PLUS_FULL_CONTROL"], 0, id="full control of a New Page"),
        pytest.param(["MANAGE"], 0, id="everything"),
        pytest.param(["PROFILE_PLUS_MESSAGING", "CREATE_CONTENT"], 0, id="one name old, one new"),
        pytest.param(["MESSAGING"], 1, id="no moderation"),
        pytest.param(["ANALYZE"], 2, id="neither"),
        pytest.param([], 0, id="not told"),
    ],
)
def test_what_a_role_lacks_is_told(tasks: list[str], lacks: int) -> None:
    body = {"data": [{"id": "1", "name": "A", "access_token": "EAA", "tasks": tasks}]}
    (page,) = read_pages(200, json.dumps(body).encode()).entries

    assert len(page.lacks) == lacks


def test_a_cursor_counts_only_where_there_is_more_and_a_page_without_a_token_is_left_out() -> None:
    paging = {"cursors": {"after": "c"}}
    listed = {"data": [{"id": "1", "name": "A"}, {"id": "x", "access_token": "EAA"}], "paging": paging}

    assert read_pages(200, json.dumps(listed).encode()).after == ""
    assert read_pages(200, json.dumps(listed).encode()).entries == ()
    assert read_pages(200, json.dumps({"paging": paging | {"next": "https://x"}}).encode()).after == "c"


def test_a_page_that_is_listed_twice_counts_once_as_it_came_first() -> None:
    pages = [ListedPage(i, name, SecretStr(name)) for i, name in (("1", "b"), ("2", "A"), ("1", "again"))]

    assert [page.name for page in merged(pages)] == ["A", "b"]
