"""A page's token travels sealed: its site opens it, whichever secret it has, and nobody else does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.errors import VaultError
from shared.page_token import PageToken, seal, unseal
from shared.site_secret import new_site_secret

TOKEN = PageToken(SecretStr("EAAtoken"), SecretStr("17d8a1c5"))
OLD, NEW = new_site_secret(), new_site_secret()


@pytest.mark.parametrize("token", [TOKEN, PageToken(SecretStr("EAAtoken"), None)], ids=["with a proof", "without"])
def test_the_site_it_was_sealed_for_opens_it(token: PageToken) -> None:
    assert unseal(seal(token, page_id="1122", secrets=[OLD]), page_id="1122", secret=OLD) == token


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["the old secret", "the new one"])
def test_while_a_secret_rotates_either_opens_it(secret: SecretStr) -> None:
    assert unseal(seal(TOKEN, page_id="1122", secrets=[NEW, OLD]), page_id="1122", secret=secret) == TOKEN


def test_another_site_cannot_open_it() -> None:
    with pytest.raises(VaultError, match="page 1122 was sealed for another secret than this site's: connect the page"):
        unseal(seal(TOKEN, page_id="1122", secrets=[OLD]), page_id="1122", secret=NEW)


def test_it_does_not_open_for_another_page_of_the_site() -> None:
    with pytest.raises(VaultError):
        unseal(seal(TOKEN, page_id="1122", secrets=[OLD]), page_id="3344", secret=OLD)


def test_nothing_of_it_can_be_read_on_the_way() -> None:
    on_the_way = json.dumps(seal(TOKEN, page_id="1122", secrets=[OLD]))

    assert not any(word in on_the_way for word in ("EAAtoken", "17d8a1c5", "1122"))


@given(st.lists(st.text(), max_size=3))
def test_whatever_stands_there_instead_is_a_sentence(sealed: list[str]) -> None:
    with pytest.raises(VaultError):
        unseal(sealed, page_id="1122", secret=OLD)
