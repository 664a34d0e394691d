"""Encryption at rest, and how its key is rotated."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.errors import UserError, VaultError
from shared.vault import Vault, fingerprint, is_master_key, new_master_key, read_keys

OLD, NEW = new_master_key(), new_master_key()


@given(text=st.text())
def test_what_is_sealed_can_be_opened_and_is_not_to_be_read(text: str) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(SecretStr(text))

    assert vault.open(sealed) == SecretStr(text)
    assert len(text) < 4 or text not in sealed


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    vault = Vault([OLD])

    assert vault.seal(SecretStr("same")) != vault.seal(SecretStr("same"))


class TestRotation:
    def test_the_new_key_in_front_opens_what_the_old_one_sealed(self) -> None:
        sealed = Vault([OLD]).seal(SecretStr("kept"))

        assert Vault([NEW, OLD]).open(sealed) == SecretStr("kept")

    def test_the_new_key_seals_from_then_on(self) -> None:
        sealed = Vault([NEW, OLD]).seal(SecretStr("later"))

        assert Vault([NEW]).open(sealed) == SecretStr("later")
        with pytest.raises(VaultError):
            Vault([OLD]).open(sealed)


@pytest.mark.parametrize("sealed", ["", "garbage", "\u00e4", "gAAAAA" + "A" * 100])
def test_what_no_key_opens_is_an_error_that_says_what_to_do(sealed: str) -> None:
    with pytest.raises(VaultError, match="Restore the earlier key"):
        Vault([NEW]).open(sealed)


def test_a_value_that_was_tampered_with_does_not_open() -> None:
    sealed = bytearray(base64.urlsafe_b64decode(Vault([OLD]).seal(SecretStr("secret"))))
    sealed[30] ^= 1

    with pytest.raises(VaultError):
        Vault([OLD]).open(base64.urlsafe_b64encode(sealed).decode())


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        pytest.param(NEW.get_secret_value(), True, id="a made one"),
        pytest.param("", False, id="empty"),
        pytest.param(NEW.get_secret_value()[:-4], False, id="cut off"),
        pytest.param(NEW.get_secret_value() * 2, False, id="too long"),
        pytest.param(f"{NEW.get_secret_value()};{OLD.get_secret_value()}", False, id="two, wrongly separated"),
        pytest.param(f" {NEW.get_secret_value()}", False, id="a space in front"),
        pytest.param("a password", False, id="a password"),
        pytest.param("\u00e4" * 44, False, id="beyond ASCII"),
    ],
)
def test_a_master_key_is_32_bytes_in_base64url(text: str, usable: bool) -> None:  # noqa: FBT001  a row of a table
    assert is_master_key(text) is usable


@given(key=st.binary(min_size=32, max_size=32))
def test_what_counts_as_a_key_makes_a_vault(key: bytes) -> None:
    text = base64.urlsafe_b64encode(key).decode()

    assert is_master_key(text)
    assert Vault([SecretStr(text)]).seal(SecretStr("x"))


def test_a_fingerprint_names_a_key_without_telling_it() -> None:
    assert len(fingerprint(OLD)) == 8
    assert fingerprint(OLD) == fingerprint(OLD)
    assert fingerprint(OLD) != fingerprint(NEW)
    assert fingerprint(OLD) not in OLD.get_secret_value()


@pytest.mark.parametrize("between", [",", ", ", " ,\n"])
def test_several_keys_stand_with_commas_between(between: str) -> None:
    text = SecretStr(f"{NEW.get_secret_value()}{between}{OLD.get_secret_value()}\n")

    assert read_keys(text, source="the file") == [NEW, OLD]
    assert Vault([NEW, OLD]).fingerprints == (fingerprint(NEW), fingerprint(OLD))


@pytest.mark.parametrize("rest", ["", "half", "rubbish,"])
def test_what_is_no_list_of_keys_is_refused_without_being_repeated(rest: str) -> None:
    with pytest.raises(UserError, match="the file holds no master key: each is 32 bytes") as caught:
        read_keys(SecretStr(f"{NEW.get_secret_value()},{rest}"), source="the file")

    assert NEW.get_secret_value() not in str(caught.value)
    assert not rest or rest not in str(caught.value)


def test_only_what_the_first_key_does_not_open_is_sealed_anew() -> None:
    vault, old = Vault([NEW, OLD]), Vault([OLD]).seal(SecretStr("kept"))
    new = vault.reseal(old)

    assert Vault([NEW]).open(new) == SecretStr("kept")
    assert vault.reseal(new) == new
    with pytest.raises(VaultError):
        Vault([NEW]).reseal(old)
