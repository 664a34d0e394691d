"""Messages of Telegram: new and edited, in chats, channels and business connections."""

from typing import Any

import pytest

from onsite.core.model import (
    Attachment,
    AttachmentKind,
    Author,
    Change,
    Details,
    Direction,
    Kind,
    MessageFact,
    MoveFact,
    Person,
    Translation,
)
from tests.samples.bot import (
    ANNA,
    ANNA_BY_CHAT,
    CHANNEL,
    GROUP,
    RECEIVED_AT_MS,
    SENT_AT_MS,
    message,
    said,
    said_by_us,
    translate,
    translate_kind,
)

A = AttachmentKind


@pytest.mark.parametrize(
    ("name", "key", "fact"),
    [
        pytest.param("text", "m:5001:10", said("10", Kind.TEXT, text="/start flyer"), id="a text"),
        pytest.param(
            "text_in_group",
            f"m:{GROUP}:10",
            said("10", Kind.TEXT, text="hello", conversation_key=GROUP, conversation_title="Tenants"),
            id="a text in a group",
        ),
        pytest.param("text_reply", "m:5001:10", said("10", Kind.TEXT, text="that one", reply_to_key="9"), id="a reply"),
        pytest.param(
            "text_forwarded",
            "m:5001:10",
            said("10", Kind.TEXT, text="look", details=Details(forwarded_from="X")),
            id="a forwarded text",
        ),
        pytest.param(
            "text_of_anonymous_admin",
            f"m:{GROUP}:10",
            said(
                "10",
                Kind.TEXT,
                text="rules",
                conversation_key=GROUP,
                conversation_title="Tenants",
                person=Person(GROUP, "Tenants"),
            ),
            id="an anonymous administrator speaks as the group",
        ),
        pytest.param(
            "text_of_another_bot",
            f"m:{GROUP}:10",
            said(
                "10",
                Kind.TEXT,
                text="beep",
                conversation_key=GROUP,
                conversation_title="Tenants",
                author=Author.SYSTEM,
                person=None,
            ),
            id="another bot is no customer",
        ),
        pytest.param(
            "channel_post",
            f"m:{CHANNEL}:10",
            said_by_us(
                "10",
                Kind.TEXT,
                text="We are open",
                conversation_key=CHANNEL,
                conversation_title="News",
                person=None,
            ),
            id="a channel's post is our own side's",
        ),
        pytest.param(
            "channel_post_in_its_group",
            f"m:{GROUP}:10",
            said_by_us(
                "10",
                Kind.TEXT,
                text="We are open",
                conversation_key=GROUP,
                conversation_title="Tenants",
                person=None,
            ),
            id="its copy in the discussion group is, too",
        ),
        pytest.param(
            "business_message_of_customer",
            "m:5001@bc1:10",
            said("10", Kind.TEXT, text="are you open?", conversation_key="5001@bc1"),
            id="a customer of a business connection",
        ),
        pytest.param(
            "business_message_of_owner",
            "m:5001@bc1:11",
            said_by_us("11", Kind.TEXT, text="yes, till six", conversation_key="5001@bc1", person=ANNA_BY_CHAT),
            id="the owner of a business connection",
        ),
        pytest.param(
            "guest_message",
            f"m:{GROUP}:10",
            said("10", Kind.TEXT, text="@desk_bot help", conversation_key=GROUP, conversation_title="Tenants"),
            id="a message to a guest bot",
        ),
    ],
)
def test_an_update_with_an_id_of_its_own_is_known_by_it(name: str, key: str, fact: MessageFact) -> None:
    assert translate(name) == Translation(key, (fact,))


@pytest.mark.parametrize(
    ("name", "key_start", "content"),
    [
        pytest.param(
            "edited_text",
            "e:5001:10:1760000005:",
            {"kind": Kind.TEXT, "text": "/start poster", "label": "edited message", "sent_at_ms": SENT_AT_MS + 5000},
            id="a text",
        ),
        pytest.param(
            "edited_live_location",
            "e:5001:10:1760000006:",
            {
                "kind": Kind.MEDIA,
                "attachments": (Attachment(A.LOCATION, title="live location", latitude=48.3, longitude=16.4),),
                "label": "edited message",
                "sent_at_ms": SENT_AT_MS + 6000,
            },
            id="a live location that moves",
        ),
        pytest.param(
            "edited_poll",
            "e:5001:10:1760000007:",
            {
                "kind": Kind.MEDIA,
                "attachments": (Attachment(A.POLL, title="When then?"),),
                "label": "edited message",
                "sent_at_ms": SENT_AT_MS + 7000,
            },
            id="a poll",
        ),
        pytest.param(
            "edited_business_message",
            "e:5001@bc1:10:1760000009:",
            {
                "kind": Kind.TEXT,
                "text": "are you open today?",
                "label": "edited message",
                "conversation_key": "5001@bc1",
                "sent_at_ms": SENT_AT_MS + 9000,
            },
            id="a message of a business connection",
        ),
        pytest.param(
            "edited_channel_post",
            f"e:{CHANNEL}:10:1760000008:",
            {
                "kind": Kind.TEXT,
                "text": "We are closed",
                "label": "edited message",
                "conversation_key": CHANNEL,
                "conversation_title": "News",
                "direction": Direction.OUTBOUND,
                "author": Author.ELSEWHERE,
                "person": None,
                "sent_at_ms": SENT_AT_MS + 8000,
            },
            id="a channel's post",
        ),
    ],
)
def test_an_edit_is_a_fact_of_its_own_that_names_the_message(
    name: str, key_start: str, content: dict[str, Any]
) -> None:
    translation = translate(name)

    assert translation.key.startswith(key_start)
    expected = said(translation.key, change=Change.EDIT, about_key="10", **content)
    assert translation.facts == (expected,)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        pytest.param("paid_media", "paid media", id="paid media"),
        pytest.param("rich_message", "formatted message", id="a message of 10.1"),
        pytest.param("unknown_content", "holo gram", id="a content that Telegram adds later"),
    ],
)
def test_content_that_cannot_be_shown_is_named(name: str, label: str) -> None:
    assert translate(name) == Translation("m:5001:10", (said("10", Kind.PLACEHOLDER, label=label),))


def test_a_message_without_any_content_is_named_and_has_the_time_we_received_it() -> None:
    expected = said(
        "4", Kind.PLACEHOLDER, label="message without content", person=ANNA_BY_CHAT, sent_at_ms=RECEIVED_AT_MS
    )
    assert translate("message_without_content") == Translation("m:5001:4", (expected,))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        pytest.param("members_joined", "somebody joined the group", id="somebody joins"),
        pytest.param("member_left", "somebody left the group", id="somebody leaves"),
        pytest.param("group_renamed", "the group was renamed", id="a new name"),
        pytest.param("message_pinned", "a message was pinned", id="a pinned message"),
        pytest.param(
            "migrated_to", "the group became a supergroup and goes on in another conversation", id="a group moves away"
        ),
        pytest.param(
            "migrated_from",
            "the group became a supergroup; its earlier messages are in another conversation",
            id="a group arrives",
        ),
        pytest.param("topic_created", "forum topic created", id="a family of service messages"),
        pytest.param("write_access_allowed", "the bot may write to this person", id="a permission"),
    ],
)
def test_a_service_message_is_telegrams_own(name: str, label: str) -> None:
    fact = message(translate(name))

    assert (fact.kind, fact.author, fact.label, fact.person) == (Kind.NOTICE, Author.SYSTEM, label, ANNA)


@pytest.mark.parametrize(
    ("name", "text"),
    [("group_renamed", "Tenants of house 4"), ("members_joined", "Anna Berg"), ("member_left", "Anna Berg")],
)
def test_a_service_message_tells_whom_or_what_it_is_about(name: str, text: str) -> None:
    assert message(translate(name)).text == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"message_id": 1}, {"message_id": 2}, id="two messages of a chat"),
        pytest.param({"message_id": 1}, {"message_id": 1, "chat": {"id": 2}}, id="one number in two chats"),
        pytest.param({"message_id": 1}, {"message_id": 1, "business_connection_id": "b"}, id="a business connection"),
        pytest.param({"text": "a"}, {"text": "b"}, id="messages without numbers"),
        pytest.param({"message_id": 0, "date": 1}, {"message_id": 0, "date": 2}, id="scheduled messages"),
    ],
)
def test_different_messages_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    chat = {"chat": {"id": 1}}

    assert translate_kind("message", chat | one).key != translate_kind("message", chat | other).key


def test_a_message_fetched_again_under_another_number_has_the_same_key() -> None:
    content = {"message_id": 1, "chat": {"id": 1}, "text": "t"}

    assert translate_kind("message", content, 7).key == translate_kind("message", content, 8).key


def test_two_edits_within_one_second_have_different_keys() -> None:
    edit = {"message_id": 1, "chat": {"id": 1}, "edit_date": 1_760_000_000}

    assert (
        translate_kind("edited_message", edit | {"text": "a"}).key
        != translate_kind("edited_message", edit | {"text": "b"}).key
    )


@pytest.mark.parametrize("name", ["migrated_to", "migrated_from"])
def test_both_chats_of_a_group_that_moved_say_where_it_goes_on(name: str) -> None:
    _, move = translate(name).facts

    assert move == MoveFact("-55", GROUP)
