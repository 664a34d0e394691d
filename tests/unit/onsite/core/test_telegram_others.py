"""Updates of Telegram that are no messages."""

from typing import Any

import pytest

from onsite.core.model import Author, Change, Kind, MessageFact, Person, ReachFact, Translation
from tests.samples.bot import (
    ANNA_BY_CHAT,
    CHANNEL,
    GROUP,
    RECEIVED_AT_MS,
    SENT_AT_MS,
    message,
    said,
    translate,
    translate_kind,
)


@pytest.mark.parametrize(
    ("name", "key", "fact"),
    [
        pytest.param(
            "callback_query",
            "c:4382",
            said(
                "c:4382",
                Kind.POSTBACK,
                text="Yes, please",
                payload="yes:7",
                reply_to_key="12",
                sent_at_ms=RECEIVED_AT_MS,
            ),
            id="a button, whose title is found at the message",
        ),
        pytest.param(
            "callback_query_of_inaccessible_message",
            "c:4383",
            said(
                "c:4383",
                Kind.POSTBACK,
                label="button pressed",
                payload="yes:8",
                reply_to_key="2",
                sent_at_ms=RECEIVED_AT_MS,
            ),
            id="a button of a message that is too old to be shown",
        ),
    ],
)
def test_a_pressed_button_is_a_postback(name: str, key: str, fact: MessageFact) -> None:
    assert translate(name) == Translation(key, (fact,))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("message_reaction", {"label": "reaction", "text": "❤"}, id="a reaction"),
        pytest.param(
            "message_reaction_removed",
            {
                "label": "reaction removed",
                "conversation_key": GROUP,
                "conversation_title": "Tenants",
                "person": Person(GROUP, "Tenants"),
            },
            id="a reaction of the group's own, taken back",
        ),
    ],
)
def test_a_reaction_names_the_message_that_it_is_about(name: str, content: dict[str, Any]) -> None:
    translation = translate(name)

    expected = said(translation.key, Kind.NOTICE, change=Change.REACTION, about_key="12", **content)
    assert translation.facts == (expected,)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("bot_blocked", {"label": "this person blocked the bot"}, id="a person blocks the bot"),
        pytest.param(
            "bot_added_to_group",
            {"label": "the bot is a member now", "conversation_key": GROUP, "conversation_title": "Tenants"},
            id="the bot joins a group",
        ),
    ],
)
def test_what_became_of_the_bot_is_a_notice_and_says_whether_it_is_heard(name: str, content: dict[str, Any]) -> None:
    translation = translate(name)

    notice = said(translation.key, Kind.NOTICE, author=Author.SYSTEM, **content)
    reach = ReachFact(notice.conversation_key, reachable=name != "bot_blocked", at_ms=SENT_AT_MS)
    assert translation.facts == (notice, reach)


def test_each_message_that_is_taken_back_in_a_business_connection_is_named() -> None:
    translation = translate("deleted_business_messages")

    told = {
        "conversation_key": "5001@bc1",
        "person": ANNA_BY_CHAT,
        "author": Author.SYSTEM,
        "label": "message deleted",
        "sent_at_ms": RECEIVED_AT_MS,
        "change": Change.DELETION,
    }
    assert translation.facts == tuple(
        said(f"{translation.key}:{gone}", Kind.NOTICE, about_key=gone, **told) for gone in ("10", "11")
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "message_reaction_count",
            {
                "label": "message reaction count",
                "reply_to_key": "12",
                "conversation_key": CHANNEL,
                "conversation_title": "News",
                "person": None,
            },
            id="a count of reactions",
        ),
        pytest.param(
            "chat_join_request",
            {"label": "chat join request", "conversation_key": GROUP, "conversation_title": "Tenants"},
            id="somebody asks to join",
        ),
        pytest.param(
            "chat_boost",
            {
                "label": "chat boost",
                "conversation_key": CHANNEL,
                "conversation_title": "News",
                "person": None,
                "sent_at_ms": RECEIVED_AT_MS,
            },
            id="a boost",
        ),
        pytest.param(
            "unknown_kind_of_a_chat",
            {"label": "hologram call", "sent_at_ms": RECEIVED_AT_MS},
            id="a kind that Telegram adds later",
        ),
    ],
)
def test_any_other_update_of_a_chat_becomes_a_placeholder_that_names_it(name: str, content: dict[str, Any]) -> None:
    translation = translate(name)

    assert translation.facts == (said(translation.key, Kind.PLACEHOLDER, **({"author": Author.SYSTEM} | content)),)


@pytest.mark.parametrize(
    "name",
    [
        "business_connection",
        "callback_query_of_inline_message",
        "inline_query",
        "poll_answer",
        "pre_checkout_query",
        "unknown_kind",
    ],
)
def test_an_update_of_no_chat_states_no_fact(name: str) -> None:
    assert translate(name).facts == ()


@pytest.mark.parametrize(
    ("chat", "status", "label"),
    [
        ("private", "member", "this person unblocked the bot"),
        ("supergroup", "kicked", "the bot was removed"),
        ("channel", "left", "the bot was removed"),
        ("group", "administrator", "the bot is an administrator now"),
        ("group", "restricted", "the bot is a member with restricted rights now"),
        ("group", "something new", "the bot's membership changed"),
    ],
)
def test_what_became_of_the_bot_is_said_in_words(chat: str, status: str, label: str) -> None:
    translation = translate_kind(
        "my_chat_member", {"chat": {"id": 1, "type": chat}, "new_chat_member": {"status": status}}
    )

    assert message(translation).label == label


@pytest.mark.parametrize(
    "kind", ["my_chat_member", "message_reaction", "callback_query", "poll", "deleted_business_messages"]
)
@pytest.mark.parametrize("content", [{}, None, "x", [], {"chat": {"id": "@name"}}])
def test_an_odd_update_that_is_no_message_states_no_fact(kind: str, content: Any) -> None:
    assert translate_kind(kind, content).facts == ()


def test_what_tells_no_moment_is_told_apart_by_its_number() -> None:
    """The same vote may be cast, withdrawn and cast again."""
    vote = {"poll_id": "p", "option_ids": [1]}

    assert translate_kind("poll_answer", vote, 7).key == translate_kind("poll_answer", vote, 7).key
    assert translate_kind("poll_answer", vote, 7).key != translate_kind("poll_answer", vote, 8).key


def test_a_button_pressed_without_a_query_id_still_has_a_key() -> None:
    assert translate_kind("callback_query", {"data": "a"}).key != translate_kind("callback_query", {"data": "b"}).key
