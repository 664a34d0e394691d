"""What becomes of a Messenger message afterwards names that message."""

from typing import Any

import pytest

from onsite.core.errors import TranslationError
from onsite.core.model import Change, Kind
from tests.samples.messenger import inbound, message, translate, translate_event


@pytest.mark.parametrize(
    ("name", "change", "about", "content"),
    [
        pytest.param(
            "message_edit",
            Change.EDIT,
            "m_text",
            {"kind": Kind.TEXT, "text": "Good evening", "label": "edited message"},
            id="an edit",
        ),
        pytest.param("message_deleted", Change.DELETION, "m_text", {"label": "message deleted"}, id="taken back"),
        pytest.param("reaction", Change.REACTION, "m_a", {"text": "❤️", "label": "reaction"}, id="a reaction"),
        pytest.param(
            "reaction_removed", Change.REACTION, "m_a", {"label": "reaction removed"}, id="a reaction taken back"
        ),
    ],
)
def test_a_change_names_the_message_that_it_is_about(
    name: str, change: Change, about: str, content: dict[str, Any]
) -> None:
    translation = translate(f"messaging/{name}")

    expected = inbound(translation.key, content.pop("kind", Kind.NOTICE), change=change, about_key=about, **content)
    assert translation.facts == (expected,)


@pytest.mark.parametrize(
    ("told", "emoji"),
    [
        pytest.param({"emoji": "🎉", "reaction": "other"}, "🎉", id="an emoji"),
        pytest.param({"reaction": "like"}, "👍", id="a name alone"),
        pytest.param({"reaction": "sparkle"}, "sparkle", id="a name that Meta adds later"),
    ],
)
def test_a_reaction_without_an_emoji_shows_by_its_name(told: dict[str, str], emoji: str) -> None:
    assert message(translate_event(reaction={"mid": "m_a", "action": "react"} | told)).text == emoji


@pytest.mark.parametrize("kind", ["message_edit", "reaction"])
def test_a_change_of_no_known_message_stands_for_itself(kind: str) -> None:
    fact = message(translate_event(**{kind: {"text": "hello", "emoji": "❤"}}))

    assert (fact.change, fact.about_key) == (None, "")
    assert fact.text


def test_an_edit_that_leaves_nothing_is_a_notice() -> None:
    fact = message(translate_event(message_edit={"mid": "m_a", "text": ""}))

    assert (fact.kind, fact.label) == (Kind.NOTICE, "edited message")


@pytest.mark.parametrize("kind", ["message_edit", "reaction"])
def test_a_change_that_is_no_object_goes_to_quarantine(kind: str) -> None:
    with pytest.raises(TranslationError, match="is no object"):
        translate_event(**{kind: "hello"})
