"""Whose token a page's token is, and what Facebook's answers mean."""

import json

import pytest
from pydantic import SecretStr

from onsite.core.errors import FacebookError
from onsite.core.facebook.page import PageIdentity, decode_page, identity_url
from shared.graph import GraphTrouble


@pytest.mark.parametrize(
    ("proof", "url"),
    [
        pytest.param(None, "http://127.0.0.1:9/v26.0/me?fields=id,name", id="without a proof"),
        pytest.param(
            SecretStr("0f0f"), "http://127.0.0.1:9/v26.0/me?fields=id,name&appsecret_proof=0f0f", id="with a proof"
        ),
    ],
)
def test_the_token_itself_is_asked_about(proof: SecretStr | None, url: str) -> None:
    assert identity_url("http://127.0.0.1:9/", proof) == url


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        pytest.param({"id": "1122", "name": "Acme"}, PageIdentity("1122", "Acme"), id="id and name"),
        pytest.param({"id": 1122}, PageIdentity("1122", ""), id="a number, and no name"),
    ],
)
def test_an_answer_names_the_page(body: object, identity: PageIdentity) -> None:
    assert decode_page(200, json.dumps(body).encode()) == identity


@pytest.mark.parametrize(
    ("body", "trouble", "words"),
    [
        pytest.param({"error": {"code": 190}}, GraphTrouble.TOKEN_DEAD, "does not accept", id="a dead token"),
        pytest.param(
            {"error": {"code": 100, "message": "Invalid appsecret_proof provided"}},
            GraphTrouble.BAD_PARAMETER,
            "It says: Invalid appsecret_proof provided (error 100).",
            id="a proof that does not fit",
        ),
        pytest.param({"error": {"code": 2}}, GraphTrouble.TEMPORARY, "temporary", id="a temporary trouble"),
        pytest.param({}, None, "does not say whose token", id="an answer without an id"),
        pytest.param([], None, "does not say whose token", id="no object"),
    ],
)
def test_an_answer_without_a_page_says_why(body: object, trouble: GraphTrouble | None, words: str) -> None:
    with pytest.raises(FacebookError) as refused:
        decode_page(400, json.dumps(body).encode())

    assert refused.value.trouble is trouble
    assert words in str(refused.value)
