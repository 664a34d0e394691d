"""Whether a text may go out."""

import pytest

from onsite.core.facebook.send import refusal_of_text as messenger_refusal
from onsite.core.sending import Refused
from onsite.core.telegram.api import refusal_of_text as telegram_refusal
from onsite.core.text_limit import text_problem, utf16_units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        pytest.param("abc", 3, id="latin"),
        pytest.param("äöü", 3, id="umlauts"),
        pytest.param("😀", 2, id="an emoji counts as two"),
        pytest.param("👩‍👩‍👧", 8, id="a family counts as eight"),
        pytest.param("\ud83d", 1, id="half an emoji counts as one"),
    ],
)
def test_texts_are_counted_in_utf16_units(text: str, units: int) -> None:
    assert utf16_units(text) == units


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_text_cannot_be_sent(text: str) -> None:
    problem = text_problem(text, platform="Messenger", limit=10)

    assert isinstance(problem, Refused)
    assert problem.code == "text_empty"


def test_a_text_of_exactly_the_limit_passes() -> None:
    assert text_problem("😀" * 5, platform="Messenger", limit=10) is None


def test_a_text_beyond_the_limit_is_refused_with_both_numbers() -> None:
    problem = text_problem("😀" * 5 + "x", platform="Messenger", limit=10)

    assert problem == Refused("text_too_long", "The message is too long for Messenger: 11 of 10 characters.")


def test_each_platform_has_its_limit() -> None:
    assert messenger_refusal("x" * 2000) is None
    assert messenger_refusal("x" * 2001) is not None
    assert telegram_refusal("x" * 4096) is None
    assert telegram_refusal("x" * 4097) is not None
