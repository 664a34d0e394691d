"""Every way in which a setting or an argument can fail to fit is told without a programmer's words."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, ByteSize, Field, SecretStr, TypeAdapter, ValidationError

from shared.plain_words import reason_of


def not_today(_value: str) -> str:
    raise ValueError("not on a Sunday")


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        pytest.param(
            Annotated[SecretStr, Field(min_length=8)],
            "short",
            "too short: needs at least 8 characters, has 5",
            id="a short secret",
        ),
        pytest.param(
            Annotated[str, Field(min_length=8)], "short", "too short: needs at least 8 characters", id="a short text"
        ),
        pytest.param(
            Annotated[SecretStr, Field(max_length=4)],
            "lengthy",
            "too long: takes at most 4 characters, has 7",
            id="a long secret",
        ),
        pytest.param(
            Annotated[str, Field(max_length=4)], "lengthy", "too long: takes at most 4 characters", id="a long text"
        ),
        pytest.param(Annotated[str, Field(pattern="^[0-9]+$")], "abc", "does not fit", id="a pattern"),
        pytest.param(int, "many", "not a whole number", id="no whole number"),
        pytest.param(int, "9" * 5000, "not a whole number of a usable size", id="an endless number"),
        pytest.param(float, "many", "not a number", id="no number"),
        pytest.param(ByteSize, "many", "not a number of bytes", id="no size"),
        pytest.param(ByteSize, "2 apples", "not a number of bytes", id="a size in another unit"),
        pytest.param(Annotated[int, Field(gt=1)], "1", "must be more than 1", id="not above"),
        pytest.param(Annotated[int, Field(ge=1)], "0", "must be 1 or more", id="below"),
        pytest.param(Annotated[int, Field(lt=9)], "9", "must be less than 9", id="not below"),
        pytest.param(Annotated[int, Field(le=9)], "10", "must be 9 or less", id="above"),
        pytest.param(Annotated[str, AfterValidator(not_today)], "x", "not on a Sunday", id="words of our own"),
        pytest.param(bool, "perhaps", "Input should be a valid boolean, unable to interpret input", id="of no table"),
    ],
)
def test_a_value_that_does_not_fit_is(kind: Any, value: str, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)

    assert [reason_of(dict(each)) for each in refused.value.errors()] == [reason]
