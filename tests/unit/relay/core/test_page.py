"""What the relay asks of Meta about a page, and what the answers mean."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.errors import FacebookRefused
from relay.core.page import (
    FIELDS,
    TokenOwner,
    owner_url,
    read_owner,
    read_success,
    subscription_body,
    subscriptions_url,
)
from shared.graph import GRAPH_VERSION

PROOF = SecretStr("ab" * 32)
READERS: list[Callable[[int, bytes], object]] = [read_owner, read_success]


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        (owner_url("https://graph.test/", PROOF), "/me", {"fields": ["id,name"]}),
        (subscriptions_url("https://graph.test", "1122", PROOF), "/1122/subscribed_apps", {}),
        (subscriptions_url("https://graph.test", "../me", PROOF), "/..%2Fme/subscribed_apps", {}),
    ],
    ids=["whose token", "subscription", "an id that is none"],
)
def test_questions_name_version_and_proof(url: str, path: str, query: dict[str, list[str]]) -> None:
    parts = urlsplit(url)

    assert (parts.netloc, parts.path) == ("graph.test", f"/{GRAPH_VERSION}{path}")
    assert parse_qs(parts.query) == {"appsecret_proof": ["ab" * 32]} | query


def test_a_subscription_is_to_all_fields_at_once_as_it_replaces_what_was_there() -> None:
    assert json.loads(subscription_body()) == {"subscribed_fields": ",".join(FIELDS)}
    assert len(set(FIELDS)) == len(FIELDS)


def test_the_owner_is_read_with_an_id_in_either_form() -> None:
    assert read_owner(200, b'{"id":"1122","name":"Acme"}') == TokenOwner("1122", "Acme")
    assert read_owner(200, b'{"id":1122}') == TokenOwner("1122", "")


@pytest.mark.parametrize("body", [b'{"success":true}', b'{"success":"true"}'])
def test_success_comes_as_a_flag_or_as_a_text(body: bytes) -> None:
    read_success(200, body)


@pytest.mark.parametrize("read", READERS)
def test_a_refusal_is_told_in_metas_words_with_its_numbers_and_without_the_token(
    read: Callable[[int, bytes], object],
) -> None:
    error = {"message": "Error validating EAAtokentokentokentoken: expired", "code": 190, "error_subcode": 463}
    with pytest.raises(FacebookRefused, match=r"Facebook refuses: .*expired \(error 190/463\)") as refused:
        read(400, json.dumps({"error": error}).encode())

    assert "EAAtoken" not in str(refused.value)


@pytest.mark.parametrize("read", READERS)
@given(status=st.integers(200, 599), body=st.binary())
def test_any_other_answer_is_a_refusal(read: Callable[[int, bytes], object], status: int, body: bytes) -> None:
    with pytest.raises(FacebookRefused):
        read(status, body)


@pytest.mark.parametrize(
    ("read", "body"),
    [(read_owner, b'{"name":"Acme"}'), (read_success, b'{"success":false}'), (read_success, b"{}")],
)
def test_an_answer_that_says_too_little_is_a_refusal(read: Callable[[int, bytes], object], body: bytes) -> None:
    with pytest.raises(FacebookRefused, match="does not say"):
        read(200, body)
